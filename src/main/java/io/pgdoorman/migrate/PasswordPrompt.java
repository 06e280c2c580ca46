package io.pgdoorman.migrate;

import java.util.Optional;

/** Asks a person for a password, without showing it. */
@FunctionalInterface
public interface PasswordPrompt {
    /** Empty if there is nobody to ask. */
    Optional<String> ask(String question);
}
