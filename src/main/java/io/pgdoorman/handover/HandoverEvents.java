package io.pgdoorman.handover;

import java.util.List;

/**
 * What a process does beside the handover itself; implemented by the runtime. Threads: called on a
 * thread of the handover.
 */
public interface HandoverEvents {
    /** One begins; this process is the predecessor. */
    void onBegin();

    /** One line for systemctl status. */
    void onPhase(String status);

    /**
     * All clients are the successor's; it will be told so when this returns.
     *
     * @param child whether it was started by this process, and so belongs to the same service
     * @return what is still to be done, and is the successor's to do
     */
    Due onHandingOver(long pid, boolean child);

    /** It came to nothing, and this process goes on. */
    void onFailed();

    /** The successor serves everyone: this process ends. */
    void onDone();

    /** Asked for by {@code ctl}. */
    void onReloadRequest();

    /** Asked for by {@code ctl}. */
    void onShutdownRequest();

    /** Any other command of {@code ctl}; it may take its time. */
    ControlSocket.Answer onCommand(List<String> words);

    /** Signals that came while the handover ran. */
    record Due(boolean reload, boolean shutdown) {
        /** None came. */
        public static final Due NOTHING = new Due(false, false);

        /** What came then or now. */
        public Due and(Due other) {
            return new Due(reload || other.reload, shutdown || other.shutdown);
        }
    }
}
