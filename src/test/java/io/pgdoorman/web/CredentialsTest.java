package io.pgdoorman.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** HTTP basic authentication. */
class CredentialsTest {
    private final Credentials credentials = new Credentials("admin", "pass:wörd");

    private static String basic(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void admitsTheAccount() {
        assertThat(credentials.admit("Basic " + basic("admin:pass:wörd"))).isTrue();
        assertThat(credentials.admit("bAsIc   " + basic("admin:pass:wörd") + " ")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"admin:pass:word", "admin:", "", "Admin:pass:wörd", "admin:pass:wörd "})
    void admitsNobodyElse(String account) {
        assertThat(credentials.admit("Basic " + basic(account))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Basic", "Basic ", "Basic ????", "Bearer YWRtaW4="})
    void admitsNoOtherScheme(String header) {
        assertThat(credentials.admit(header)).isFalse();
    }
}
