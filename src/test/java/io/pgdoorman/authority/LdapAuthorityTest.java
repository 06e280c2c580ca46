package io.pgdoorman.authority;

import static io.pgdoorman.testing.LdapServer.BASE;
import static io.pgdoorman.testing.LdapServer.PEOPLE;
import static io.pgdoorman.testing.LdapServer.READER;
import static io.pgdoorman.testing.LdapServer.READER_PASSWORD;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.auth.Authority.Verdict;
import io.pgdoorman.auth.ClientLogin;
import io.pgdoorman.config.LdapOptions;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.LdapServer;
import io.pgdoorman.testing.Ports;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

@Timeout(60)
class LdapAuthorityTest {
    private static final LdapAuthority.Limits PATIENT =
            new LdapAuthority.Limits(
                    Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(20));

    /** For what never answers. */
    private static final LdapAuthority.Limits HASTY =
            new LdapAuthority.Limits(
                    Duration.ofMillis(700), Duration.ofMillis(700), Duration.ofSeconds(20));

    private static final Verdict ALICE = new Verdict.Known("alice");

    @TempDir static Path files;

    private static LdapServer directory;
    private final List<LdapAuthority> asked = new ArrayList<>();

    @BeforeAll
    static void start() {
        directory = people(LdapServer.start());
    }

    private static LdapServer people(LdapServer server) {
        return server.person("alice", "alice secret")
                .person("bob", "bob secret")
                .entry("uid=alice.old," + PEOPLE, "alice.old", "twice@example.net", "old secret")
                .entry("uid=twin," + PEOPLE, "twin", "twice@example.net", "twin secret");
    }

    @AfterAll
    static void stop() {
        directory.close();
    }

    @AfterEach
    void closeAuthorities() {
        asked.forEach(LdapAuthority::close);
    }

    // ---- simple bind ----------------------------------------------------------------------------

    @Test
    void bindsByAPrefixAndASuffix() {
        LdapAuthority authority = plain(Map.of("ldapprefix", "uid=", "ldapsuffix", "," + PEOPLE));

        assertThat(ask(authority, "alice", "alice secret")).isEqualTo(ALICE);
        assertThat(reason(ask(authority, "alice", "bob secret")))
                .contains("bind as \"uid=alice," + PEOPLE + "\"", "invalid credentials")
                .doesNotContain("secret");
        assertThat(reason(ask(authority, "nobody", "alice secret")))
                .contains("invalid credentials");
    }

    @Test
    void aNameIsOneValueOfADistinguishedName() {
        LdapAuthority authority = plain(Map.of("ldapprefix", "uid=", "ldapsuffix", "," + BASE));

        Verdict verdict = ask(authority, "alice,ou=people", "alice secret");

        assertThat(reason(verdict)).contains("uid=alice\\,ou\\=people," + BASE);
    }

    @Test
    void bindsByANameThatIsNoDistinguishedName() {
        LdapAuthority authority = plain(Map.of("ldapprefix", "", "ldapsuffix", "," + PEOPLE));

        assertThat(ask(authority, "uid=alice", "alice secret"))
                .isEqualTo(new Verdict.Known("uid=alice"));
    }

    @Test
    void refusesAnEmptyPasswordWithWhichABindWouldSucceed() {
        assertThat(
                        reason(
                                ask(
                                        plain(Map.of("ldapprefix", "", "ldapsuffix", "," + PEOPLE)),
                                        "uid=alice",
                                        "")))
                .isEqualTo("the password is empty");
        assertThat(reason(ask(plain(search()), "alice", ""))).isEqualTo("the password is empty");
    }

    // ---- search and bind ------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "-",
            value = {
                // attribute; filter; user
                "-; -; alice",
                "mail; -; alice@example.net",
                "-; (|(uid=$username)(mail=$username)); alice",
                "-; (|(uid=$username)(mail=$username)); alice@example.net",
                "-; (&(objectClass=account)(uid=$username)); alice"
            })
    void searchesAndBinds(String attribute, String filter, String user) {
        Map<String, String> options = search();
        if (attribute != null) {
            options.put("ldapsearchattribute", attribute);
        }
        if (filter != null) {
            options.put("ldapsearchfilter", filter);
        }
        LdapAuthority authority = plain(options);

        assertThat(ask(authority, user, "alice secret")).isEqualTo(new Verdict.Known(user));
        assertThat(reason(ask(authority, user, "bob secret"))).contains("invalid credentials");
    }

    @ParameterizedTest
    @CsvSource({
        "ou=people??sub, alice, true",
        "ou=people?mail?one, alice@example.net, true",
        "ou=people?uid?base, alice, false",
        "ou=people??one?(uid=$username), alice, true",
        "ou=people??sub?(mail=$username), alice, false"
    })
    void searchesAsTheUrlSays(String url, String user, boolean expected) {
        String start = "ldap://127.0.0.1:%d/".formatted(directory.port());
        LdapAuthority authority =
                authority(
                        Map.of(
                                "ldapurl",
                                start + url.replaceFirst("\\?", "," + BASE + "?"),
                                "ldapbinddn",
                                READER,
                                "ldapbindpasswd",
                                READER_PASSWORD),
                        PATIENT);

        assertThat(ask(authority, user, "alice secret") instanceof Verdict.Known)
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"*", "*)(uid=*", "alice)(|(uid=*", "al*", "alice\\", "a/b", "\\61lice", "("})
    void aNameCannotBePartOfTheFilter(String user) {
        assertThat(reason(ask(plain(search()), user, "alice secret")))
                .contains("has one of the characters");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=b", "o'neil", "a,b", "müller", "a&b|c", "a b", "$username", "=~<>"})
    void otherNamesAreSearchedForAsTheyAre(String user) {
        directory.entry(
                "cn=%x,%s".formatted(user.hashCode(), PEOPLE), user, "x@example.net", "its secret");

        assertThat(ask(plain(search()), user, "its secret")).isEqualTo(new Verdict.Known(user));
    }

    @Test
    void nobodyAndTwoAreNotSomebody() {
        Map<String, String> byMail = search();
        byMail.put("ldapsearchattribute", "mail");

        assertThat(reason(ask(plain(search()), "nobody", "alice secret")))
                .isEqualTo("no entry for the filter (uid=nobody)");
        assertThat(reason(ask(plain(byMail), "twice@example.net", "twin secret")))
                .isEqualTo("more than one entry for the filter (mail=twice@example.net)");
    }

    @Test
    void aSearcherThatMayNotSearchIsNoVerdict() {
        Map<String, String> wrong = search();
        wrong.put("ldapbindpasswd", "not the reader's secret");
        Map<String, String> anonymous = search();
        anonymous.remove("ldapbinddn");
        anonymous.remove("ldapbindpasswd");

        assertThatThrownBy(() -> ask(plain(wrong), "alice", "alice secret"))
                .hasMessageContaining("LDAP: search for (uid=alice): invalid credentials")
                .message()
                .doesNotContain("secret");
        assertThatThrownBy(() -> ask(plain(anonymous), "alice", "alice secret"))
                .hasMessageContaining("insufficient access rights");
    }

    @Test
    void aConnectionThatTheServerHasClosedIsReplaced() {
        LdapServer first = people(LdapServer.start());
        LdapAuthority authority = authority(at("127.0.0.1", first.port(), search()), PATIENT);
        assertThat(ask(authority, "alice", "alice secret")).isEqualTo(ALICE);
        first.stop();

        try (LdapServer _ = people(LdapServer.start(first.port()))) {
            assertThat(ask(authority, "alice", "alice secret")).isEqualTo(ALICE);
        }
    }

    @Test
    void manyAskAtTheSameTime() {
        LdapAuthority authority = plain(search());

        List<CompletableFuture<Verdict>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(
                    authority.ask(
                            login("alice"), Bytes.ofText(i % 2 == 0 ? "alice secret" : "wrong")));
        }

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).join() instanceof Verdict.Known).isEqualTo(i % 2 == 0);
        }
    }

    // ---- servers --------------------------------------------------------------------------------

    @Test
    void aServerThatIsDownIsNoVerdict() throws IOException {
        int nobody = Ports.free();

        assertThatThrownBy(
                        () ->
                                ask(
                                        authority(at("127.0.0.1", nobody, search()), PATIENT),
                                        "alice",
                                        "alice secret"))
                .hasMessageContaining("LDAP: search for (uid=alice): ")
                .hasMessageContaining("127.0.0.1:" + nobody)
                .message()
                .doesNotContain("secret");
    }

    /** 127.0.0.2 has nobody at the port, [::1] neither. */
    @Test
    void theNextServerIsAsked() {
        Map<String, String> options =
                at("127.0.0.2 [::1] ::1 127.0.0.1 unheard-of.invalid", directory.port(), search());

        assertThat(ask(authority(options, PATIENT), "alice", "alice secret")).isEqualTo(ALICE);
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Map<String, String> searching = at("127.0.0.1", silent.getLocalPort(), search());
            Map<String, String> binding =
                    at("127.0.0.1", silent.getLocalPort(), Map.of("ldapprefix", "uid="));

            assertThatThrownBy(() -> ask(authority(searching, HASTY), "alice", "alice secret"))
                    .hasMessageContaining("LDAP: search for");
            assertThatThrownBy(() -> ask(authority(binding, HASTY), "alice", "alice secret"))
                    .hasMessageContaining("LDAP: bind as");
        }
    }

    @Test
    void theWholeQuestionHasALimit() throws IOException {
        var limits =
                new LdapAuthority.Limits(
                        Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMillis(300));
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            LdapAuthority authority =
                    authority(at("127.0.0.1", silent.getLocalPort(), search()), limits);

            assertThatThrownBy(() -> ask(authority, "alice", "alice secret"))
                    .hasMessageContaining("LDAP: no answer within 0.3 s");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSilentServerCannotHoldUpTheHandshake(boolean fromTheStart) throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.2"));
                LdapServer server = people(LdapServer.start("server", files, fromTheStart))) {
            Map<String, String> options = tls(fromTheStart, "ca.crt", server.port(), search());
            int port = silent.getLocalPort();
            Map<String, String> alone = new HashMap<>(options);
            alone.put("ldapserver", "127.0.0.2");
            alone.put("ldapport", Integer.toString(port));

            assertThatThrownBy(() -> ask(authority(alone, HASTY), "alice", "alice secret"))
                    .hasMessageContaining("127.0.0.2:" + port);
        }
    }

    // ---- TLS ------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void asksOverTls(boolean fromTheStart) {
        try (LdapServer server = people(LdapServer.start("server", files, fromTheStart))) {
            LdapAuthority authority =
                    authority(tls(fromTheStart, "ca.crt", server.port(), search()), PATIENT);

            assertThat(ask(authority, "alice", "alice secret")).isEqualTo(ALICE);
            assertThat(reason(ask(authority, "alice", "wrong"))).contains("invalid credentials");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "server, other-ca.crt, true",
        "server, other-ca.crt, false",
        "server-other, ca.crt, true",
        "server-other, ca.crt, false",
        "server-elsewhere, ca.crt, true",
        "server-elsewhere, ca.crt, false",
        "server-expired, ca.crt, true",
        "server-expired, ca.crt, false",
        "server, '', true",
        "server, '', false"
    })
    void aCertificateThatIsNotGoodIsNotTrusted(String name, String ca, boolean fromTheStart) {
        try (LdapServer server = people(LdapServer.start(name, files, fromTheStart))) {
            LdapAuthority authority =
                    authority(tls(fromTheStart, ca, server.port(), search()), PATIENT);

            assertThatThrownBy(() -> ask(authority, "alice", "alice secret"))
                    .hasMessageContaining("127.0.0.1:" + server.port())
                    .message()
                    .doesNotContain("secret");
        }
    }

    @Test
    void aServerWithoutStartTlsIsNotAskedInClearText() {
        LdapAuthority authority =
                authority(tls(false, "ca.crt", directory.port(), search()), PATIENT);

        assertThatThrownBy(() -> ask(authority, "alice", "alice secret"))
                .hasMessageContaining("127.0.0.1:" + directory.port());
    }

    @Test
    void aFileWithoutCertificatesIsAProblem() {
        LdapOptions missing = LdapOptions.of(tls(true, "ca.crt", 1, search()));
        assertThat(LdapAuthority.problem(missing)).isEmpty();

        Map<String, String> other = tls(true, "ca.crt", 1, search());
        other.put("ldapcacert", files.resolve("none.crt").toString());

        assertThat(LdapAuthority.problem(LdapOptions.of(other)).orElseThrow())
                .startsWith("option ldapcacert: " + files.resolve("none.crt"));
    }

    // ---- tools ----------------------------------------------------------------------------------

    private static Map<String, String> search() {
        return new HashMap<>(
                Map.of(
                        "ldapbasedn",
                        PEOPLE,
                        "ldapbinddn",
                        READER,
                        "ldapbindpasswd",
                        READER_PASSWORD));
    }

    private static Map<String, String> at(String server, int port, Map<String, String> options) {
        var all = new HashMap<>(options);
        all.put("ldapserver", server);
        all.put("ldapport", Integer.toString(port));
        return all;
    }

    private static Map<String, String> tls(
            boolean fromTheStart, String ca, int port, Map<String, String> options) {
        Map<String, String> all = at("127.0.0.1", port, options);
        all.put(fromTheStart ? "ldapscheme" : "ldaptls", fromTheStart ? "ldaps" : "1");
        if (!ca.isEmpty()) {
            all.put("ldapcacert", Certificates.copy(ca, files).toString());
        }
        return all;
    }

    private LdapAuthority plain(Map<String, String> options) {
        return authority(at("127.0.0.1", directory.port(), options), PATIENT);
    }

    private LdapAuthority authority(Map<String, String> options, LdapAuthority.Limits limits) {
        var authority = new LdapAuthority(LdapOptions.of(options), limits);
        asked.add(authority);
        return authority;
    }

    private static ClientLogin login(String user) {
        return new ClientLogin(user, "db", "10.0.0.1:4711", false);
    }

    private static Verdict ask(LdapAuthority authority, String user, String password) {
        return authority.ask(login(user), Bytes.ofText(password)).join();
    }

    private static String reason(Verdict verdict) {
        assertThat(verdict).isInstanceOf(Verdict.Unknown.class);
        return ((Verdict.Unknown) verdict).reason();
    }
}
