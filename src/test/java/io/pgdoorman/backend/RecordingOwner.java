package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.backend.ErrorResponse;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** An owner that writes down what it hears, with the number of bytes it had got before. */
final class RecordingOwner implements ServerOwner {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final List<String> events = new ArrayList<>();

    /** What {@link #onParameterStatus} answers. */
    boolean passesParameters = true;

    int readCompletes;
    int rehearsals;

    private void note(String event) {
        events.add(event + "@" + bytes.size());
    }

    @Override
    public void onServerBytes(Server server, ByteBuf in, int from, int to) {
        if (from >= to || from < in.readerIndex() || to > in.writerIndex()) {
            throw new IllegalArgumentException("bytes " + from + " to " + to + " of " + in);
        }
        byte[] part = new byte[to - from];
        in.getBytes(from, part);
        bytes.writeBytes(part);
    }

    @Override
    public void onSkipped(Server server, Skipped kind) {
        note("skipped " + kind);
    }

    @Override
    public void onStatementConfirmed(Server server) {
        note("confirmed");
    }

    @Override
    public void onStatementsUndone(Server server, int count, boolean firstFailed) {
        note("undone " + count + (firstFailed ? " failed" : ""));
    }

    @Override
    public void onStatementsGone(Server server) {
        note("gone");
    }

    @Override
    public ErrorFate onError(Server server, ByteBuf in, int index, int bodyLength) {
        return ErrorFate.PASSES;
    }

    @Override
    public boolean onParameterStatus(Server server, String name, String value) {
        note(name + "=" + value);
        return passesParameters;
    }

    @Override
    public void onServerSettled(Server server) {
        note("settled");
    }

    @Override
    public void onOwnQueryFailed(Server server, ErrorResponse error) {
        note("own query failed: " + error.message());
    }

    @Override
    public void onAnswered(Server server) {}

    @Override
    public void onServerReadComplete(Server server) {
        readCompletes++;
    }

    @Override
    public void onServerWritable(Server server, boolean writable) {
        note(writable ? "writable" : "unwritable");
    }

    @Override
    public void onServerClosed(Server server, boolean explained) {
        note(explained ? "closed with reason" : "closed");
    }

    @Override
    public void onRehearse(Server server) {
        rehearsals++;
        Server thawed = Server.thaw(server.freeze(), server.channel(), this);
        server.channel().pipeline().get(ServerHandler.class).replace(thawed);
    }
}
