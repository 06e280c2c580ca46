package io.pgdoorman.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;

import java.util.Base64;

/** The example of RFC 7677 section 3, and known HMAC and PBKDF2 values. */
class ScramSha256Test {
    private static final Bytes PASSWORD = Bytes.ofText("pencil");
    private static final String CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    private static final String SERVER_FIRST =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final String CLIENT_FINAL =
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    @Test
    void clientSendsTheMessagesOfTheRfc() throws ScramException {
        ClientFirst first =
                ClientFirst.parse(Bytes.ofText(CLIENT_FIRST), ChannelBindings.NONE, false);
        ServerFirst challenge = ServerFirst.parse(Bytes.ofText(SERVER_FIRST));
        ScramKeys keys = ScramKeys.derive(PASSWORD, challenge.salt(), challenge.iterations());

        ClientFinal last = ScramExchange.answered(first, challenge).prove(keys.clientKey());

        assertThat(last.toBytes().toText()).isEqualTo(CLIENT_FINAL);
    }

    @Test
    void serverSendsTheMessagesOfTheRfc() throws ScramException {
        Bytes salt = Bytes.copyOf(Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ=="));
        ScramKeys keys = ScramKeys.derive(PASSWORD, salt, 4096);
        var target =
                new ScramTarget.Verifier(
                        new StoredSecret.Scram(4096, salt, keys.storedKey(), keys.serverKey()), "");

        ScramExchange exchange =
                ScramExchange.answer(
                        ClientFirst.parse(Bytes.ofText(CLIENT_FIRST), ChannelBindings.NONE, false),
                        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                        target);
        ClientFinal last = exchange.readProof(Bytes.ofText(CLIENT_FINAL));

        assertThat(exchange.challenge().toBytes().toText()).isEqualTo(SERVER_FIRST);
        assertThat(exchange.clientKey(last, keys.storedKey())).isEqualTo(keys.clientKey());
        assertThat(ServerFinal.signature(exchange.serverSignature(last, keys.serverKey())).toText())
                .isEqualTo(SERVER_FINAL);
    }

    @Test
    void everyBitOfTheProofCounts() throws ScramException {
        ServerFirst challenge = ServerFirst.parse(Bytes.ofText(SERVER_FIRST));
        var exchange =
                new ScramExchange(
                        ClientFirst.parse(Bytes.ofText(CLIENT_FIRST), ChannelBindings.NONE, false),
                        challenge);
        ScramKeys keys = ScramKeys.derive(PASSWORD, challenge.salt(), 4096);
        ClientFinal right = exchange.readProof(Bytes.ofText(CLIENT_FINAL));

        for (int bit = 0; bit < ScramSha256.KEY_BYTES * 8; bit++) {
            byte[] proof = right.proof().toByteArray();
            proof[bit / 8] ^= (byte) (1 << bit % 8);
            var wrong = new ClientFinal(right.withoutProof(), right.nonce(), Bytes.copyOf(proof));
            assertThat(exchange.clientKey(wrong, keys.storedKey())).isNull();
        }
    }

    @Test
    void saltedPasswordIsPbkdf2() {
        // The published PBKDF2-HMAC-SHA256 vectors for password "password", salt "salt".
        assertThat(hex(ScramSha256.saltedPassword(text("password"), text("salt"), 1)))
                .isEqualTo("120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b");
        assertThat(hex(ScramSha256.saltedPassword(text("password"), text("salt"), 4096)))
                .isEqualTo("c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a");
    }

    @Test
    void acceptsAnEmptyKey() {
        assertThat(hex(ScramSha256.hmac(Bytes.EMPTY, new byte[0])))
                .isEqualTo("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    }

    @Test
    void refusesIterationCountsOutOfRange() {
        assertThatThrownBy(() -> ScramSha256.saltedPassword(text("a"), text("b"), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () ->
                                ScramSha256.saltedPassword(
                                        text("a"), text("b"), ScramSha256.MAX_ITERATIONS + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Bytes text(String text) {
        return Bytes.ofText(text);
    }

    private static String hex(Bytes bytes) {
        return java.util.HexFormat.of().formatHex(bytes.toByteArray());
    }
}
