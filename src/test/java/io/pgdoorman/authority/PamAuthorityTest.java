package io.pgdoorman.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgdoorman.auth.Authority.Verdict;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** With the modules that Linux-PAM has, configured in a directory of the test. */
@Timeout(60)
class PamAuthorityTest {
    private static final Duration PATIENT = Duration.ofSeconds(30);

    @TempDir static Path directory;

    @BeforeAll
    static void configure() throws IOException {
        assumeTrue(PamAuthority.problem().isEmpty(), () -> PamAuthority.problem().orElseThrow());
        assumeTrue(hasDirectories(), "this libpam has no pam_start_confdir (Linux-PAM 1.4)");
        service("permit", "auth required pam_permit.so", "account required pam_permit.so");
        service("deny", "auth required pam_deny.so", "account required pam_permit.so");
        service("no_account", "auth required pam_permit.so", "account required pam_deny.so");
        service("no_module", "auth required pam_not_there.so", "account required pam_permit.so");
        service(
                "password",
                "auth optional pam_echo.so a word before",
                "auth required pam_exec.so quiet expose_authtok " + script("password", CHECK),
                "account required pam_permit.so");
        service(
                "hang",
                "auth required pam_exec.so quiet " + script("hang", "exec sleep 5\n"),
                "account required pam_permit.so");
    }

    /** Refuses all but one user with one password, and writes down who came from where. */
    private static final String CHECK =
            """
            read -r password
            printf '%s %s %s\\n' "$PAM_USER" "$PAM_RHOST" "$PAM_SERVICE" >> "$(dirname "$0")/came"
            [ "$PAM_USER" = "alíce" ] && [ "$password" = "the sécret" ]
            """;

    private static boolean hasDirectories() {
        return lookup().find("pam_start_confdir").isPresent();
    }

    @SuppressWarnings("restricted") // the test asks what the library has
    private static SymbolLookup lookup() {
        return SymbolLookup.libraryLookup(PamLibrary.NAME, Arena.global());
    }

    private static void service(String name, String... lines) throws IOException {
        Files.writeString(directory.resolve(name), String.join("\n", lines) + "\n");
    }

    private static Path script(String name, String text) throws IOException {
        Path file = directory.resolve(name + ".sh");
        Files.writeString(file, "#!/bin/sh\n" + text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @Test
    void theServiceDecides() {
        assertThat(ask("permit", "anybody", "any")).isEqualTo(new Verdict.Known("anybody"));
        assertThat(ask("deny", "anybody", "any"))
                .isEqualTo(new Verdict.Unknown("pam_authenticate: Authentication failure"));
    }

    @Test
    void theAccountIsCheckedToo() {
        assertThat(ask("no_account", "anybody", "any"))
                .asString()
                .contains("pam_acct_mgmt: Authentication failure");
    }

    @Test
    void theModuleGetsPasswordUserAndAddress() throws IOException {
        assertThat(ask("password", "alíce", "the sécret")).isEqualTo(new Verdict.Known("alíce"));
        assertThat(ask("password", "alíce", "the secret")).isInstanceOf(Verdict.Unknown.class);
        assertThat(ask("password", "alice", "the sécret")).isInstanceOf(Verdict.Unknown.class);
        CompletableFuture<Verdict> local =
                authority("password", PATIENT)
                        .ask(new ClientLogin("bob", "db", "unix:", false), Bytes.ofText("x"));

        assertThat(local.join()).isInstanceOf(Verdict.Unknown.class);
        assertThat(Files.readAllLines(directory.resolve("came")))
                .containsExactly(
                        "alíce 10.0.0.1 password",
                        "alíce 10.0.0.1 password",
                        "alice 10.0.0.1 password",
                        "bob [local] password");
    }

    @Test
    void theHostNameComesFromWhoeverKnowsIt() throws IOException {
        var authority =
                new PamAuthority(
                        "password",
                        address -> CompletableFuture.completedFuture("host of " + address),
                        Optional.of(directory),
                        PATIENT);
        Files.deleteIfExists(directory.resolve("came"));

        Verdict verdict =
                authority
                        .ask(
                                new ClientLogin("u", "db", "2001:db8::1:4711", false),
                                Bytes.ofText("p"))
                        .join();

        assertThat(verdict).isInstanceOf(Verdict.Unknown.class);
        assertThat(Files.readAllLines(directory.resolve("came")))
                .containsExactly("u host of 2001:db8::1 password");
        Files.delete(directory.resolve("came"));
    }

    @Test
    void anEmptyPasswordReachesNoModule() {
        assertThat(ask("permit", "anybody", ""))
                .isEqualTo(new Verdict.Unknown("the password is empty"));
    }

    @Test
    void aServiceThatIsNotThereIsNoVerdict() {
        assertThatThrownBy(() -> ask("nowhere", "anybody", "any"))
                .hasMessageContaining("PAM service nowhere: ");
        assertThatThrownBy(() -> ask("no_module", "anybody", "any"))
                .hasMessageContaining("PAM service no_module: pam_authenticate: Module is unknown");
    }

    @Test
    void aModuleThatHangsHoldsUpNobodyElse() {
        PamAuthority hanging = authority("hang", Duration.ofMillis(300));
        List<CompletableFuture<Verdict>> answers = new ArrayList<>();
        for (int i = 0; i < 40; i++) { // more than are asked at a time
            answers.add(hanging.ask(login("anybody"), Bytes.ofText("any")));
        }

        assertThat(ask("permit", "anybody", "any")).isEqualTo(new Verdict.Known("anybody"));
        assertThat(answers)
                .allSatisfy(
                        answer ->
                                assertThatThrownBy(answer::join)
                                        .hasMessageContaining(
                                                "PAM service hang: no answer within 0.3 s"));
    }

    @Test
    void manyAskAtTheSameTime() {
        PamAuthority authority = authority("permit", PATIENT);
        List<CompletableFuture<Verdict>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(authority.ask(login("user" + i), Bytes.ofText("any")));
        }

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).join()).isEqualTo(new Verdict.Known("user" + i));
        }
    }

    private static PamAuthority authority(String service, Duration limit) {
        return new PamAuthority(
                service, CompletableFuture::completedFuture, Optional.of(directory), limit);
    }

    private static ClientLogin login(String user) {
        return new ClientLogin(user, "db", "10.0.0.1:4711", false);
    }

    private static Verdict ask(String service, String user, String password) {
        return authority(service, PATIENT).ask(login(user), Bytes.ofText(password)).join();
    }
}
