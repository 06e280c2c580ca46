package io.pgdoorman.process;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.Ports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * A predecessor that a test speaks for, and the program that takes over from it. Threads: confined
 * to the test's thread.
 *
 * @param clients the predecessor's socket for clients
 * @param control its control socket
 * @param predecessor it has the successor's HELLO
 */
record TakeoverStage(
        int port, Path clients, Path control, FakePeer predecessor, ChildProcess successor)
        implements AutoCloseable {
    /**
     * Starts both.
     *
     * @param supervisor the command that runs the successor's; empty for none
     */
    static TakeoverStage start(
            PoolerProcess.Builder builder, Path directory, List<String> supervisor)
            throws IOException {
        Path home =
                Files.createDirectory(
                        directory.resolve("home"),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        int port = Ports.free();
        Path clients = home.resolve(".s.PGSQL." + port);
        Path control = home.resolve("control/upgrade.sock");
        var command = new ArrayList<>(supervisor);
        command.addAll(takeover(builder.write(home, port)));
        FakePeer predecessor = FakePeer.start().listen(clients).listen(control);
        ChildProcess successor = ChildProcess.start(command, PoolerProcess.WITHOUT_REHEARSAL, home);
        predecessor.accept(control).expect("HELLO");
        return new TakeoverStage(port, clients, control, predecessor, successor);
    }

    /** The command line of a successor that somebody else starts. */
    static List<String> takeover(Path configuration) {
        return List.of(PoolerProcess.program().toString(), configuration.toString(), "--takeover");
    }

    @Override
    public void close() {
        ProcessHandle.of(successor.pid()).stream()
                .flatMap(ProcessHandle::children)
                .forEach(ProcessHandle::destroyForcibly); // of a supervisor
        successor.close();
        predecessor.close();
    }
}
