package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class UsualSecretsTest {
    private final UsualSecrets usual = new UsualSecrets();

    @Test
    void withoutUsersItIsScramAsInPostgres() {
        assertThat(usual.areMd5()).isFalse();
        assertThat(usual.allowMd5()).isFalse();
        assertThat(usual.areVerifiers()).isFalse();
        assertThat(usual.iterations()).isEqualTo(ScramSha256.DEFAULT_ITERATIONS);
    }

    @Test
    void usersThatWereLookedUpCount() {
        usual.configured(List.of(Login.plain()));
        usual.found(Login.md5());
        usual.found(Login.md5());

        assertThat(usual.areMd5()).isTrue();
    }

    @Test
    void aReloadForgetsTheUsersOfBefore() {
        usual.configured(List.of(Login.md5()));

        usual.configured(List.of(Login.scram()));

        assertThat(usual.areMd5()).isFalse();
        assertThat(usual.areVerifiers()).isTrue();
    }

    @Test
    void whatWasFoundLatelyCountsMore() {
        for (int i = 0; i < 5_000; i++) {
            usual.found(Login.md5());
        }
        for (int i = 0; i < 2_000; i++) {
            usual.found(Login.scram());
        }

        assertThat(usual.areMd5()).isFalse();
    }
}
