package io.pgdoorman.web;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Reads one request after the other, has it answered by a thread of its own, and closes a
 * connection that takes too long: to ask, to be answered, or to read the answer. What a client
 * sends meanwhile waits; no more is read then.
 *
 * <p>Threads: confined to the channel's loop.
 */
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(RequestHandler.class);

    private final Endpoints endpoints;
    private final Duration limit;
    private final Queue<Request> waiting = new ArrayDeque<>();
    private boolean busy;
    private boolean answered;
    private boolean draining;
    private @Nullable Future<?> deadline;

    /**
     * What is asked for, without buffers.
     *
     * @param fault why it is no request; then nothing else comes on this connection
     */
    private record Request(
            HttpMethod method,
            String target,
            HttpHeaders headers,
            HttpVersion version,
            boolean keepAlive,
            @Nullable Throwable fault) {
        static Request of(FullHttpRequest message) {
            Throwable fault = message.decoderResult().cause();
            return new Request(
                    message.method(),
                    message.uri(),
                    message.headers(),
                    message.protocolVersion(),
                    fault == null && HttpUtil.isKeepAlive(message),
                    fault);
        }
    }

    /**
     * @param limit for a request to come whole, and for its answer to be taken
     */
    RequestHandler(Endpoints endpoints, Duration limit) {
        this.endpoints = endpoints;
        this.limit = limit;
    }

    /**
     * The connection ends after the answer under way, or after its first if it has had none: that
     * request may be on its way.
     */
    void drain(Channel channel) {
        draining = true;
        if (answered && !busy) {
            channel.close();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        renewDeadline(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        endDeadline();
    }

    private void endDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    private void renewDeadline(ChannelHandlerContext ctx) {
        endDeadline();
        deadline =
                ctx.executor()
                        .schedule(
                                () -> {
                                    ctx.close();
                                },
                                limit.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest message) {
        Request request = Request.of(message);
        if (busy) {
            waiting.add(request);
            ctx.channel().config().setAutoRead(false);
        } else {
            begin(ctx, request);
        }
    }

    private void begin(ChannelHandlerContext ctx, Request request) {
        busy = true;
        renewDeadline(ctx);
        Throwable fault = request.fault();
        if (fault != null) {
            LOG.debug("bad request: {}", fault.toString());
            send(ctx, refusal(fault), request);
            return;
        }
        // Not a virtual thread: there the JDK's writers begin small and grow by each character.
        Thread.ofPlatform()
                .daemon()
                .name("pooler-web")
                .start(
                        () -> {
                            Answer answer = answer(request);
                            try {
                                ctx.executor().execute(() -> send(ctx, answer, request));
                            } catch (RejectedExecutionException e) {
                                answer.body().release();
                                LOG.debug("closed meanwhile", e);
                            }
                        });
    }

    private void onSent(ChannelHandlerContext ctx) {
        busy = false;
        renewDeadline(ctx);
        Request next = waiting.poll();
        if (next != null) {
            begin(ctx, next);
        } else {
            ctx.channel().config().setAutoRead(true);
        }
    }

    private static Answer refusal(Throwable fault) {
        HttpResponseStatus status =
                switch (fault) {
                    case TooLongHttpLineException _ -> HttpResponseStatus.REQUEST_URI_TOO_LONG;
                    case TooLongHttpHeaderException _ ->
                            HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE;
                    default -> HttpResponseStatus.BAD_REQUEST;
                };
        return Answer.text(status, status.reasonPhrase());
    }

    /** On a thread of the request. */
    private Answer answer(Request request) {
        try {
            return endpoints.answer(request.method(), request.target(), request.headers());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "interrupted");
        } catch (RuntimeException | Error e) {
            LOG.error("{} cannot be answered", request.target(), e);
            return Answer.text(
                    HttpResponseStatus.INTERNAL_SERVER_ERROR, "internal error; the log says more");
        }
    }

    private void send(ChannelHandlerContext ctx, Answer answer, Request request) {
        if (!ctx.channel().isActive()) {
            answer.body().release();
            return;
        }
        int length = answer.body().readableBytes();
        var response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, answer.status(), answer.body());
        answer.headers().forEach((name, value) -> response.headers().set(name, value));
        HttpUtil.setContentLength(response, length);
        boolean goesOn = request.keepAlive() && !draining;
        HttpUtil.setKeepAlive(response.headers(), request.version(), goesOn);
        ctx.writeAndFlush(response)
                .addListener(
                        sent -> {
                            answered = true;
                            if (sent.isSuccess() && goesOn && !draining) {
                                onSent(ctx);
                            } else {
                                ctx.close();
                            }
                        });
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("connection closed", cause);
        ctx.close();
    }
}
