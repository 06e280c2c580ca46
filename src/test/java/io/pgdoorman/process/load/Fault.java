package io.pgdoorman.process.load;

/**
 * The first thing that went wrong for one client, or with the whole.
 *
 * @param who a client, with its pool and the rounds it had done, or what was being checked
 */
public record Fault(String who, String what) {
    @Override
    public String toString() {
        return who + ": " + what;
    }
}
