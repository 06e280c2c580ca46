package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaOptions.ClientCertificate;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.LeakCheck;
import io.pgdoorman.wire.backend.AuthenticationCleartextPassword;
import io.pgdoorman.wire.backend.AuthenticationMD5Password;
import io.pgdoorman.wire.frontend.PasswordMessage;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What a rule asks beside or in place of a password: certificates and other authorities. */
@ExtendWith(LeakCheck.class)
class LoginRuleTest {
    private static final Authority DIRECTORY =
            new Authority() {
                @Override
                public String name() {
                    return "LDAP";
                }

                @Override
                public CompletableFuture<Verdict> ask(ClientLogin login, Bytes password) {
                    return CompletableFuture.failedFuture(new AssertionError("the caller asks"));
                }
            };

    private static ClientAuthentication login(
            LoginRule rule, String certificate, @Nullable StoredSecret secret) {
        AuthenticationContext context = Login.context();
        return new ClientAuthentication(
                context,
                new LoginRandom(context, new byte[0]),
                new ClientLogin(
                        Login.USER,
                        "shop",
                        "192.0.2.7:5555",
                        true,
                        certificate,
                        ChannelBindings.NONE),
                rule,
                secret);
    }

    private static LoginRule certificate(
            HbaMethod method, ClientCertificate needed, boolean whole) {
        return new LoginRule(method, needed, whole, null, Login.USER::equals);
    }

    private static void assertRefused(ClientStep step, String sqlState, String message) {
        assertThat(step).isInstanceOf(ClientStep.Refused.class);
        var refused = (ClientStep.Refused) step;
        assertThat(refused.error().sqlState()).isEqualTo(sqlState);
        assertThat(refused.error().message()).isEqualTo(message);
    }

    // ---- certificates ---------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CN=alice",
                "CN=alice,O=tests",
                "OU=x,CN=alice",
                "cn=alice+OU=x",
                "CN=bob,O=y,CN=alice"
            })
    void theCommonNameSaysWhoItIs(String subject) {
        LoginRule rule = certificate(HbaMethod.CERT, ClientCertificate.VERIFY_FULL, false);

        ClientStep step = login(rule, subject, new StoredSecret.None()).begin();

        assertThat(step).isInstanceOf(ClientStep.Accepted.class);
        assertThat(((ClientStep.Accepted) step).identity()).isEqualTo(subject);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CN=bob",
                "O=alice",
                "CN=Alice",
                "CN=alice\\00",
                "CN=alice,O=y,CN=bob",
                "no name"
            })
    void anotherNameIsAnotherUser(String subject) {
        LoginRule rule = certificate(HbaMethod.CERT, ClientCertificate.VERIFY_FULL, false);

        assertRefused(
                login(rule, subject, new StoredSecret.None()).begin(),
                "28000",
                "certificate authentication failed for user \"alice\"");
    }

    @Test
    void theWholeNameMayCount() {
        LoginRule rule =
                new LoginRule(
                        HbaMethod.CERT,
                        ClientCertificate.VERIFY_FULL,
                        true,
                        null,
                        "CN=a,O=tests"::equals);

        assertThat(login(rule, "CN=a,O=tests", new StoredSecret.None()).begin())
                .isInstanceOf(ClientStep.Accepted.class);
        assertThat(login(rule, "CN=a", new StoredSecret.None()).begin())
                .isInstanceOf(ClientStep.Refused.class);
    }

    @Test
    void aGoodCertificateOfNobodyIsRefused() {
        LoginRule rule = certificate(HbaMethod.CERT, ClientCertificate.VERIFY_FULL, false);

        assertRefused(
                login(rule, "CN=alice", null).begin(), "28000", "role \"alice\" does not exist");
    }

    @ParameterizedTest
    @EnumSource(names = {"TRUST", "PASSWORD", "MD5", "SCRAM_SHA_256", "CERT", "PAM"})
    void aCertificateIsAskedForFirst(HbaMethod method) {
        LoginRule rule = certificate(method, ClientCertificate.VERIFY_CA, false);

        assertRefused(
                login(rule, "", Login.plain()).begin(),
                "28000",
                "connection requires a valid client certificate");
    }

    @ParameterizedTest
    @CsvSource({
        "VERIFY_CA, CN=bob, true",
        "VERIFY_FULL, CN=bob, false",
        "VERIFY_FULL, CN=alice, true"
    })
    void thePasswordCountsToo(ClientCertificate needed, String subject, boolean admitted) {
        ClientAuthentication login =
                login(certificate(HbaMethod.PASSWORD, needed, false), subject, Login.plain());
        assertThat(((ClientStep.Send) login.begin()).message())
                .isInstanceOf(AuthenticationCleartextPassword.class);

        ClientStep step = Login.deliver(login, new PasswordMessage(Login.PASSWORD));

        if (admitted) {
            assertThat(step).isInstanceOf(ClientStep.Accepted.class);
        } else {
            assertRefused(step, "28P01", "password authentication failed for user \"alice\"");
        }
    }

    @Test
    void trustWithTheCertificateOfSomebodyElse() {
        LoginRule rule = certificate(HbaMethod.TRUST, ClientCertificate.VERIFY_FULL, false);

        assertRefused(
                login(rule, "CN=bob", Login.plain()).begin(),
                "28000",
                "\"trust\" authentication failed for user \"alice\"");
    }

    // ---- other authorities ----------------------------------------------------------------------

    private static ClientAuthentication asking(
            LoginRule rule, @Nullable StoredSecret secret, String password) {
        ClientAuthentication login = login(rule, "", secret);
        assertThat(((ClientStep.Send) login.begin()).message())
                .isInstanceOf(AuthenticationCleartextPassword.class);
        var ask = (ClientStep.Ask) Login.deliver(login, new PasswordMessage(password));
        assertThat(ask.authority()).isSameAs(DIRECTORY);
        assertThat(ask.password().toText()).isEqualTo(password);
        return login;
    }

    private static LoginRule byDirectory() {
        return new LoginRule(
                HbaMethod.LDAP,
                ClientCertificate.NOT_ASKED,
                false,
                DIRECTORY,
                "cn of alice"::equals);
    }

    @Test
    void theAuthorityOfTheRuleDecides() {
        ClientAuthentication login = asking(byDirectory(), Login.scram(), "any");

        ClientStep step = login.onVerdict(new Authority.Verdict.Known("cn of alice"));

        var accepted = (ClientStep.Accepted) step;
        assertThat(accepted.identity()).isEqualTo("cn of alice");
        assertThat(accepted.credential()).isEqualTo(new ServerCredential.None());
    }

    /** A token says who it is; a certificate of any other role does not go with it. */
    @ParameterizedTest
    @CsvSource({"CN=owner, true", "CN=another, false", "CN=alice, false"})
    void aCertificateIsThatOfTheRoleTheTokenNames(String subject, boolean admitted) {
        var rule =
                new LoginRule(
                        HbaMethod.JWT,
                        ClientCertificate.VERIFY_FULL,
                        false,
                        DIRECTORY,
                        _ -> true,
                        true);
        ClientAuthentication login = login(rule, subject, new StoredSecret.None());
        login.begin();
        Login.deliver(login, new PasswordMessage("token"));

        ClientStep step = login.onVerdict(new Authority.Verdict.Known("owner"));

        assertThat(step instanceof ClientStep.Accepted).isEqualTo(admitted);
    }

    /** The certificate and the directory know the user by names of their own. */
    @Test
    void aMappedCertificateGoesWithAMappedIdentity() {
        var rule =
                new LoginRule(
                        HbaMethod.LDAP,
                        ClientCertificate.VERIFY_FULL,
                        false,
                        DIRECTORY,
                        List.of("cn of alice", "alice at the directory")::contains);
        ClientAuthentication login = login(rule, "CN=cn of alice", Login.scram());
        login.begin();
        Login.deliver(login, new PasswordMessage("any"));

        assertThat(login.onVerdict(new Authority.Verdict.Known("alice at the directory")))
                .isInstanceOf(ClientStep.Accepted.class);
    }

    @Test
    void whoItDoesNotKnowIsRefused() {
        ClientAuthentication login = asking(byDirectory(), Login.scram(), "any");

        ClientStep step = login.onVerdict(new Authority.Verdict.Unknown("no entry"));

        assertRefused(step, "28000", "LDAP authentication failed for user \"alice\"");
        assertThat(((ClientStep.Refused) step).logReason()).isEqualTo("no entry");
    }

    @Test
    void whoItKnowsAsSomebodyElseIsRefused() {
        ClientAuthentication login = asking(byDirectory(), Login.scram(), "any");

        assertRefused(
                login.onVerdict(new Authority.Verdict.Known("alice")),
                "28000",
                "LDAP authentication failed for user \"alice\"");
    }

    @Test
    void whoIsNoUserOfThePoolIsAskedAndRefused() {
        ClientAuthentication login = asking(byDirectory(), null, "any");

        assertRefused(
                login.onVerdict(new Authority.Verdict.Known("cn of alice")),
                "28000",
                "role \"alice\" does not exist");
    }

    @Test
    void silenceOfTheAuthorityIsAnErrorOfItsOwn() {
        ClientAuthentication login = asking(byDirectory(), Login.scram(), "any");

        assertRefused(
                login.onNoVerdict("connection refused"),
                "58000",
                "Authentication service unavailable. Please try again later.");
    }

    @ParameterizedTest
    @EnumSource(names = {"PASSWORD", "MD5", "SCRAM_SHA_256", "BY_SECRET"})
    void aUserMayHaveAnAuthority(HbaMethod method) {
        var secret = new StoredSecret.Delegated(DIRECTORY);

        assertThat(
                        asking(LoginRule.of(method), secret, "token")
                                .onVerdict(new Authority.Verdict.Known("alice")))
                .isInstanceOf(ClientStep.Accepted.class);
        assertRefused(
                asking(LoginRule.of(method), secret, "token")
                        .onVerdict(new Authority.Verdict.Known("bob")),
                "28P01",
                "password authentication failed for user \"alice\"");
    }

    @Test
    void theClientMustWaitForTheAnswer() {
        ClientAuthentication login = asking(byDirectory(), Login.scram(), "any");

        assertRefused(
                Login.deliver(login, new PasswordMessage("again")),
                "08P01",
                "unexpected password or SASL message");
    }

    @Test
    void othersAreNotAskedByAnAuthority() {
        ClientAuthentication login = login(LoginRule.of(HbaMethod.MD5), "", Login.md5());

        assertThat(((ClientStep.Send) login.begin()).message())
                .isInstanceOf(AuthenticationMD5Password.class);
    }
}
