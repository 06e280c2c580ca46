package io.pgdoorman.auth;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.backend.Authentication;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.frontend.FrontendMessage;

import org.jspecify.annotations.Nullable;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** Carries out the steps of the machines, all messages going through their bytes. */
final class Login {
    static final String USER = "alice";
    static final String PASSWORD = "sesame";
    static final Bytes SALT = Bytes.ofText("0123456789abcdef");
    static final int ITERATIONS = 128; // few, so that many logins stay cheap

    private static final int HEADER_BYTES = 5;

    /** Messages of both ends in the order sent, by their simple class names. */
    final List<String> messages = new ArrayList<>();

    /** How each of the two machines ended. */
    record Outcome(ClientStep atServer, ServerStep atClient) {}

    static AuthenticationContext context() {
        return context(false);
    }

    static AuthenticationContext context(boolean unknownUsersMd5) {
        var usual = new UsualSecrets();
        if (unknownUsersMd5) {
            usual.found(md5());
        }
        return new AuthenticationContext(
                new SecureRandom(),
                new ScramKeyCache(100),
                Bytes.ofText("a secret of this process"),
                usual);
    }

    static ClientAuthentication asServer(HbaMethod method, @Nullable StoredSecret secret) {
        return asServer(context(), method, secret);
    }

    static ClientAuthentication asServer(
            AuthenticationContext context, HbaMethod method, @Nullable StoredSecret secret) {
        return new ClientAuthentication(
                context,
                new LoginRandom(context, new byte[0]),
                new ClientLogin(USER, "shop", "192.0.2.7:5555", false),
                LoginRule.of(method),
                secret);
    }

    static ServerAuthentication asClient(ServerCredential credential) {
        return new ServerAuthentication(context(), USER, credential);
    }

    static StoredSecret.Plain plain() {
        return new StoredSecret.Plain(Bytes.ofText(PASSWORD));
    }

    static StoredSecret.Md5 md5() {
        return new StoredSecret.Md5(Md5Password.hash(Bytes.ofText(PASSWORD), USER));
    }

    static StoredSecret.Scram scram() {
        ScramKeys keys = ScramKeys.derive(Bytes.ofText(PASSWORD), SALT, ITERATIONS);
        return new StoredSecret.Scram(ITERATIONS, SALT, keys.storedKey(), keys.serverKey());
    }

    /** Lets the machines talk until one of them ends. */
    Outcome run(ClientAuthentication server, ServerAuthentication client) {
        ClientStep atServer = settle(server, server.begin());
        while (true) {
            ServerStep atClient = new ServerStep.Wait();
            switch (atServer) {
                case ClientStep.Send(BackendMessage message) -> atClient = deliver(client, message);
                case ClientStep.Accepted(List<BackendMessage> last, _, _, _) -> {
                    for (BackendMessage message : last) {
                        atClient = deliver(client, message);
                    }
                    return new Outcome(atServer, atClient);
                }
                case ClientStep.Refused _ -> {
                    return new Outcome(atServer, atClient);
                }
                case ClientStep.Derive _ -> throw new AssertionError("settled already");
                case ClientStep.Ask _ -> throw new AssertionError("nobody to ask");
            }
            if (!(atClient instanceof ServerStep.Send(FrontendMessage answer))) {
                return new Outcome(atServer, atClient);
            }
            messages.add(answer.getClass().getSimpleName());
            atServer = settle(server, deliver(server, answer));
        }
    }

    private ServerStep deliver(ServerAuthentication client, BackendMessage message) {
        messages.add(message.getClass().getSimpleName());
        ByteBuf bytes = Unpooled.buffer();
        try {
            message.encode(bytes);
            return settle(
                    client, client.onRequest(Authentication.decode(bytes.skipBytes(HEADER_BYTES))));
        } finally {
            bytes.release();
        }
    }

    static ClientStep deliver(ClientAuthentication server, FrontendMessage message) {
        return deliver(server, bodyOf(message));
    }

    static ClientStep deliver(ClientAuthentication server, byte[] body) {
        ByteBuf bytes = Unpooled.wrappedBuffer(body);
        try {
            return server.onMessage(bytes);
        } finally {
            bytes.release();
        }
    }

    static byte[] bodyOf(FrontendMessage message) {
        ByteBuf bytes = Unpooled.buffer();
        try {
            message.encode(bytes);
            byte[] body = new byte[bytes.skipBytes(HEADER_BYTES).readableBytes()];
            bytes.readBytes(body);
            return body;
        } finally {
            bytes.release();
        }
    }

    static ClientStep settle(ClientAuthentication server, ClientStep step) {
        return step instanceof ClientStep.Derive(Derivation work)
                ? server.onDerived(work.get())
                : step;
    }

    static ServerStep settle(ServerAuthentication client, ServerStep step) {
        return step instanceof ServerStep.Derive(Derivation work)
                ? client.onDerived(work.get())
                : step;
    }
}
