package io.pgdoorman.backend;

/** A message of a client that was not sent to the server, because its reply is known. */
public enum Skipped {
    /** A Parse of what the server has: ParseComplete. */
    PARSE(ReplyQueue.SKIPPED_PARSE),
    /** A Close of a name only the pooler knows: CloseComplete. */
    CLOSE(ReplyQueue.SKIPPED_CLOSE),
    /** A simple DEALLOCATE of such a name: CommandComplete, ReadyForQuery. */
    DEALLOCATE(ReplyQueue.SKIPPED_DEALLOCATE),
    /** The same of all of them. */
    DEALLOCATE_ALL(ReplyQueue.SKIPPED_DEALLOCATE_ALL);

    private final byte kind;

    Skipped(byte kind) {
        this.kind = kind;
    }

    byte kind() {
        return kind;
    }

    static Skipped of(byte kind) {
        return switch (kind) {
            case ReplyQueue.SKIPPED_PARSE -> PARSE;
            case ReplyQueue.SKIPPED_CLOSE -> CLOSE;
            case ReplyQueue.SKIPPED_DEALLOCATE -> DEALLOCATE;
            case ReplyQueue.SKIPPED_DEALLOCATE_ALL -> DEALLOCATE_ALL;
            default -> throw new IllegalArgumentException("no skipped message: " + kind);
        };
    }
}
