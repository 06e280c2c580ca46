package io.pgdoorman.auth;

import io.pgdoorman.tls.ChannelBinding;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * SCRAM's client-first-message. Threads: immutable.
 *
 * @param gs2Header up to and including the comma before {@code bare}
 * @param bare client-first-message-bare, the part that is signed
 * @param nonce the client's part of the nonce
 * @param binding what the channel is bound to; empty if it is not
 */
record ClientFirst(String gs2Header, String bare, String nonce, Bytes binding) {
    /** What a client sends that neither supports channel binding nor acts for another user. */
    static final String NO_BINDING = "n,,";

    /** It could bind, but was not offered to. */
    static final String BINDING_NOT_OFFERED = "y,,";

    /** It binds to the server's certificate: the one type that PostgreSQL knows. */
    private static final String BOUND_TO_END_POINT =
            "p=" + ChannelBinding.TLS_SERVER_END_POINT + ",,";

    /** The user name stays empty: PostgreSQL takes the one of the startup packet. */
    static ClientFirst of(String gs2Header, String nonce) {
        return new ClientFirst(gs2Header, "n=,r=" + nonce, nonce, Bytes.EMPTY);
    }

    static ClientFirst boundTo(Bytes endPoint, String nonce) {
        return new ClientFirst(BOUND_TO_END_POINT, "n=,r=" + nonce, nonce, endPoint);
    }

    /**
     * Reads it.
     *
     * @param bindings what the login may be tied to
     * @param plus the client chose SCRAM-SHA-256-PLUS
     */
    static ClientFirst parse(Bytes message, ChannelBindings bindings, boolean plus)
            throws ScramException {
        ScramAttributes in = ScramAttributes.of(message);
        Bytes binding = readBinding(in, bindings, plus);
        if (in.peek() == 'a') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client uses authorization identity, but it is not supported",
                    "");
        }
        if (in.peek() != ',') {
            throw ScramException.malformed(
                    "Unexpected attribute \"%s\" in client-first-message."
                            .formatted(ScramAttributes.show(in.peek())));
        }
        in.skip();
        int bareStart = in.position();
        if (in.peek() == 'm') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client requires an unsupported SCRAM extension",
                    "");
        }
        in.value('n'); // ignored: the user is the startup packet's
        String nonce = ScramAttributes.requireNonce(in.value('r'));
        while (!in.atEnd()) {
            in.anyValue(); // extensions that may be ignored
        }
        return new ClientFirst(in.between(0, bareStart), in.from(bareStart), nonce, binding);
    }

    /** Reads the first attribute; what the client says it binds to. */
    private static Bytes readBinding(ScramAttributes in, ChannelBindings bindings, boolean plus)
            throws ScramException {
        char flag = in.peek();
        return switch (flag) {
            case 'n', 'y' -> {
                if (plus) {
                    throw ScramException.malformed(
                            "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does"
                                    + " not include channel binding data.");
                }
                if (flag == 'y' && bindings.areOffered()) {
                    // Somebody between us has taken the mechanism out of our list.
                    throw new ScramException(
                            SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                            "SCRAM channel binding negotiation error",
                            "The client supports SCRAM channel binding but thinks the server does"
                                    + " not.  However, this server does support channel binding.");
                }
                in.skip();
                in.expectComma();
                yield Bytes.EMPTY;
            }
            case 'p' -> {
                if (!plus) {
                    throw ScramException.malformed(
                            "The client selected SCRAM-SHA-256 without channel binding, but the"
                                    + " SCRAM message includes channel binding data.");
                }
                String type = in.value('p');
                Bytes binding =
                        switch (type) {
                            case ChannelBinding.TLS_SERVER_END_POINT -> bindings.endPoint();
                            case ChannelBinding.TLS_EXPORTER -> bindings.exporter();
                            default -> Bytes.EMPTY;
                        };
                if (binding.isEmpty()) {
                    throw new ScramException(
                            SqlState.PROTOCOL_VIOLATION,
                            "unsupported SCRAM channel-binding type \"%s\""
                                    .formatted(ScramAttributes.show(type)),
                            "");
                }
                yield binding;
            }
            default ->
                    throw ScramException.malformed(
                            "Unexpected channel-binding flag \"%s\"."
                                    .formatted(ScramAttributes.show(in.peek())));
        };
    }

    /** What the client repeats in its last message, to show that nobody has changed it. */
    Bytes bindingInput() {
        byte[] header = gs2Header.getBytes(StandardCharsets.ISO_8859_1);
        byte[] data = binding.toByteArray();
        byte[] all = Arrays.copyOf(header, header.length + data.length);
        System.arraycopy(data, 0, all, header.length, data.length);
        return Bytes.copyOf(all);
    }

    Bytes toBytes() {
        return ScramAttributes.toBytes(gs2Header + bare);
    }
}
