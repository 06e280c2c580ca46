package io.pgdoorman.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.backend.ErrorResponse;

/**
 * Who has a server at the moment: the client session linked to it, or the pool's keeper. Every call
 * comes on the server's event loop.
 */
public interface ServerOwner {
    /**
     * Bytes for the client, complete messages or parts of a long one, in order.
     *
     * @param in borrowed; whoever keeps a part takes a retained slice
     * @param from index of the first byte
     * @param to index behind the last byte
     */
    void onServerBytes(Server server, ByteBuf in, int from, int to);

    /**
     * The reply to a message of the client that was not sent is due, in the place between those
     * that came before and those that come next.
     *
     * @param kind {@link Skipped}
     */
    void onSkipped(Server server, Skipped kind);

    /** A Parse or Close of the client was answered, or {@link #onSkipped} its reply made up. */
    void onStatementConfirmed(Server server);

    /**
     * The oldest {@code count} Parse and Close messages of the client will not be answered.
     *
     * @param firstFailed the first of them was answered by an error
     */
    void onStatementsUndone(Server server, int count, boolean firstFailed);

    /** The session's prepared statements are gone: DISCARD ALL, DEALLOCATE ALL. */
    void onStatementsGone(Server server);

    /**
     * An error for the client.
     *
     * @param in borrowed; holds the body at {@code index}
     * @return {@link ErrorFate#RETRIED} only after {@link Server#retry}
     */
    ErrorFate onError(Server server, ByteBuf in, int index, int bodyLength);

    /**
     * A reported parameter has a new value; {@link Server#parameters()} has it already.
     *
     * @return whether PostgreSQL's message goes to {@link #onServerBytes}
     */
    boolean onParameterStatus(Server server, String name, String value);

    /** A Query, FunctionCall or Sync of the client has its ReadyForQuery. */
    void onAnswered(Server server);

    /** All replies are in, no transaction is open, and no byte of this read is left. */
    void onServerSettled(Server server);

    /** The pooler's own query failed; its ReadyForQuery has come as well. */
    void onOwnQueryFailed(Server server, ErrorResponse error);

    /** The end of a read event: time to flush. */
    void onServerReadComplete(Server server);

    void onServerWritable(Server server, boolean writable);

    /**
     * The connection is gone; called once.
     *
     * @param server its channel is closed
     * @param explained PostgreSQL's last message was an ErrorResponse, so the client knows why
     */
    void onServerClosed(Server server, boolean explained);

    /**
     * Only in rehearsals: the event is done; the owner freezes the server, and itself if it is a
     * session, and goes on with what it thaws from that.
     */
    void onRehearse(Server server);
}
