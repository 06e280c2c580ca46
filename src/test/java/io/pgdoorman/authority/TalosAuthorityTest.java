package io.pgdoorman.authority;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.Authority.Verdict;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.testing.TokenIssuer;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which user a Talos token makes of a client. */
class TalosAuthorityTest {
    private static final TokenIssuer ISSUER = TokenIssuer.ec("secp256r1");
    private static final Set<String> ALL = Set.copyOf(TalosAuthority.ROLES);

    @TempDir Path directory;

    private TalosAuthority authority(Set<String> resources, Map<String, Set<String>> users) {
        try {
            Path file = Files.writeString(directory.resolve("key-1.pem"), ISSUER.pem());
            return new TalosAuthority(
                    TokenKeys.ofFiles(List.of(file)),
                    new TalosAuthority.Scope(resources, users),
                    Runnable::run,
                    InstantSource.system());
        } catch (IOException | TokenKeysException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Verdict ask(TalosAuthority authority, String database, String claims) {
        String token = ISSUER.token("ES256", "key-1", "{\"exp\":9999999999," + claims + "}");
        return authority
                .ask(new ClientLogin("talos", database, "1.2.3.4:5", true), Bytes.ofText(token))
                .join();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "app|{\"pg:app\":{\"roles\":[\"read_only\"]}}|read_only",
                "app|{\"pg:app\":{\"roles\":[\"read_only\",\"owner\",\"read_write\"]}}|owner",
                "app|{\"a:app\":{\"roles\":[\"read_only\"]},"
                        + "\"b:app\":{\"roles\":[\"read_write\"]}}|read_write",
                // a role in one database is none in another
                "app|{\"pg:app\":{\"roles\":[\"read_only\"]},"
                        + "\"pg:web\":{\"roles\":[\"owner\"]}}|read_only",
                "app|{\"pg:web\":{\"roles\":[\"owner\"]}}|",
                "app|{\"pg:else\":{\"roles\":[\"owner\"]}}|",
                "app|{\"app\":{\"roles\":[\"owner\"]}}|",
                "app|{\"pg:app\":{\"roles\":[\"OWNER\",\"admin\"]}}|",
                "app|{\"pg:app\":{\"roles\":\"owner\"}}|",
                "app|{\"pg:app\":[\"owner\"]}|",
                "app|{}|",
                "app|[]|",
                "app|null|",
            })
    void theHighestRoleInTheDatabaseIsTheUser(String database, String access, String role) {
        TalosAuthority authority = authority(Set.of("app", "web"), Map.of("app", ALL, "web", ALL));

        Verdict verdict = ask(authority, database, "\"resource_access\":" + access);

        if (role == null) {
            assertThat(verdict).isInstanceOf(Verdict.Unknown.class);
        } else {
            assertThat(verdict).isEqualTo(new Verdict.Known(role));
        }
    }

    @Test
    void resourcesThatAreNotCalledLikeDatabasesAreAboutAll() {
        TalosAuthority authority = authority(Set.of("prod"), Map.of("app", ALL));

        assertThat(
                        ask(
                                authority,
                                "app",
                                "\"resource_access\":{\"pg:prod\":{\"roles\":[\"owner\"]}}"))
                .isEqualTo(new Verdict.Known("owner"));
    }

    @Test
    void aRoleThatIsNotAUserOfTheDatabaseIsRefused() {
        TalosAuthority authority = authority(Set.of("app"), Map.of("app", Set.of("read_only")));

        assertThat(
                        ask(
                                authority,
                                "app",
                                "\"resource_access\":{\"pg:app\":{\"roles\":[\"owner\"]}}"))
                .isEqualTo(
                        new Verdict.Unknown(
                                "the token gives the role owner, which is not a user of database"
                                        + " app"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"\"shop\"|shop", "\"a\\u0000b\"|``", "\"\\u00e9\"|``", "7|``"})
    void theTokenNamesTheApplication(String client, String application) {
        TalosAuthority authority = authority(Set.of("app"), Map.of("app", ALL));

        assertThat(
                        ask(
                                authority,
                                "app",
                                "\"resource_access\":{\"pg:app\":{\"roles\":[\"owner\"]}},\"clientId\":"
                                        + client))
                .isEqualTo(new Verdict.Known("owner", application));
    }

    @Test
    void aRefusalTellsTheReason() {
        TalosAuthority authority = authority(Set.of("app"), Map.of("app", ALL));

        var fields = authority.refusal("talos", "it is old").fields();

        assertThat(fields.sqlState()).isEqualTo(SqlState.INVALID_CATALOG_NAME);
        assertThat(fields.message()).isEqualTo("Invalid Talos token: it is old");
    }
}
