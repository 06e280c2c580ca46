package io.pgdoorman.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.pgdoorman.admin.ConsoleStatements.Portal;
import io.pgdoorman.net.PausingDecoder;
import io.pgdoorman.session.ConsoleClient;
import io.pgdoorman.session.FrozenConsole;
import io.pgdoorman.wire.Frames;
import io.pgdoorman.wire.FrontendType;
import io.pgdoorman.wire.ProtocolException;
import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.TransactionStatus;
import io.pgdoorman.wire.backend.BackendMessage;
import io.pgdoorman.wire.backend.BindComplete;
import io.pgdoorman.wire.backend.CloseComplete;
import io.pgdoorman.wire.backend.CommandComplete;
import io.pgdoorman.wire.backend.EmptyQueryResponse;
import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.NoData;
import io.pgdoorman.wire.backend.ParameterDescription;
import io.pgdoorman.wire.backend.ParseComplete;
import io.pgdoorman.wire.backend.PortalSuspended;
import io.pgdoorman.wire.backend.ReadyForQuery;
import io.pgdoorman.wire.backend.Severity;
import io.pgdoorman.wire.frontend.Bind;
import io.pgdoorman.wire.frontend.Close;
import io.pgdoorman.wire.frontend.Describe;
import io.pgdoorman.wire.frontend.Execute;
import io.pgdoorman.wire.frontend.FrontendMessage;
import io.pgdoorman.wire.frontend.FrontendMessages;
import io.pgdoorman.wire.frontend.Parse;
import io.pgdoorman.wire.frontend.Query;
import io.pgdoorman.wire.frontend.Target;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/**
 * The wire side of the admin console: the simple and the extended query protocol around {@link
 * Console}. Nothing that is typed ends the session but Terminate.
 *
 * <p>Threads: confined to the channel's loop; a command runs on the executor, one at a time, and
 * nothing is read from the client meanwhile.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-flow.html">Message Flow</a>
 */
public final class ConsoleHandler extends PausingDecoder implements ConsoleClient {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleHandler.class);
    private static final int MAX_MESSAGE = 64 * 1024;

    /** What runs on the executor. */
    private interface Work {
        /**
         * @param run gets what the client is to get
         */
        void run(Running run) throws ConsoleException, InterruptedException;
    }

    /** A message that is being answered. Its lists are filled on the executor, read after that. */
    private static final class Running {
        final byte[] message;

        /** That is executed; null if none is. */
        final @Nullable Portal portal;

        final boolean simple;

        /** The answer if the console moves meanwhile; null if it is then repeated elsewhere. */
        final Console.@Nullable Result ifMoved;

        final ConsoleAnswer out;

        /** What is true afterwards, of the portal and of the transaction. */
        final List<Runnable> effects = new ArrayList<>(1);

        @Nullable Future<?> task;

        Running(
                ByteBufAllocator buffers,
                byte[] message,
                @Nullable Portal portal,
                boolean simple,
                Console.@Nullable Result ifMoved) {
            this.out = new ConsoleAnswer(buffers);
            this.message = message;
            this.portal = portal;
            this.simple = simple;
            this.ifMoved = ifMoved;
        }
    }

    private final Console console;
    private final Console.Operator operator;
    private final Executor executor;
    private final FrozenConsole origin;
    private final String name;
    private final ConsoleStatements statements;

    /** The command under way; null if there is none. */
    private @Nullable Running running;

    private TransactionStatus status;
    private boolean skipping;
    private @Nullable ChannelHandlerContext context;

    /**
     * @param origin whose it is, and what it was about; its input comes from the channel
     */
    public ConsoleHandler(Console console, FrozenConsole origin, Executor executor) {
        this.console = console;
        this.operator =
                new Console.Operator(
                        origin.user(),
                        origin.name(),
                        origin.mayChange(),
                        origin.database().equals("pgbouncer"));
        this.executor = executor;
        this.origin = origin;
        this.name = origin.name();
        this.status =
                origin.inTransaction() ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE;
        this.skipping = origin.skipping();
        this.statements = new ConsoleStatements(origin);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    // ---- moves ----------------------------------------------------------------------------------

    @Override
    public Channel channel() {
        return Objects.requireNonNull(context).channel();
    }

    @Override
    public @Nullable FrozenConsole freeze() {
        ChannelHandlerContext ctx = Objects.requireNonNull(context);
        if (!ctx.channel().isActive()) {
            return null;
        }
        byte[] input = ByteBufUtil.getBytes(internalBuffer());
        Running run = running;
        if (run != null) {
            running = null;
            cancel(run);
            if (run.ifMoved == null) {
                input = ByteBufUtil.getBytes(Unpooled.wrappedBuffer(run.message, input));
            } else {
                answerMoving(ctx, run.ifMoved, run);
            }
        }
        return new FrozenConsole(
                origin.id(),
                origin.user(),
                origin.database(),
                origin.mayChange(),
                status == TransactionStatus.IN_TRANSACTION,
                skipping,
                statements.freezeStatements(),
                statements.freezePortals(),
                input);
    }

    private void answerMoving(ChannelHandlerContext ctx, Console.Result result, Running run) {
        var answer = new Running(ctx.alloc(), run.message, run.portal, run.simple, result);
        try {
            if (run.portal == null) {
                answer(answer, result);
            } else {
                send(answer, run.portal, result, 0);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e); // its rows are at hand
        }
        answer.effects.forEach(Runnable::run);
        answer.out.take().forEach(piece -> ctx.write(piece, ctx.voidPromise()));
        if (run.simple) {
            ready(ctx);
        }
    }

    private static void cancel(Running run) {
        Future<?> task = run.task;
        if (task != null) {
            task.cancel(true);
        }
    }

    // ---- messages -------------------------------------------------------------------------------

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> messages) {
        while (isReady(ctx) && in.readableBytes() >= Frames.HEADER_BYTES) {
            byte type = in.getByte(in.readerIndex());
            int length = in.getInt(in.readerIndex() + 1);
            if (!FrontendType.isKnown(type)) {
                throw new ProtocolException("invalid frontend message type " + (type & 0xFF));
            }
            Frames.checkFrontendLength(type, length);
            if (length > MAX_MESSAGE) {
                throw new ProtocolException("message of %d bytes to the console".formatted(length));
            }
            if (in.readableBytes() < 1 + length) {
                return;
            }
            ByteBuf message = in.readSlice(1 + length);
            onMessage(ctx, type, message);
        }
    }

    /** Nothing runs, and the client takes its answers. */
    private boolean isReady(ChannelHandlerContext ctx) {
        return running == null && ctx.channel().isWritable();
    }

    private void onMessage(ChannelHandlerContext ctx, byte type, ByteBuf message) {
        switch (type) {
            case FrontendType.TERMINATE -> ctx.close();
            case FrontendType.SYNC -> {
                skipping = false;
                statements.closePortals();
                ready(ctx);
            }
            case FrontendType.FLUSH -> ctx.flush();
            case FrontendType.QUERY -> query(ctx, message);
            case FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> {}
            default -> extended(ctx, message);
        }
    }

    private static FrontendMessage decoded(ByteBuf message) {
        return FrontendMessages.decode(
                message.getByte(message.readerIndex()),
                message.slice(
                        message.readerIndex() + Frames.HEADER_BYTES,
                        message.readableBytes() - Frames.HEADER_BYTES));
    }

    private void extended(ChannelHandlerContext ctx, ByteBuf message) {
        if (skipping) {
            return;
        }
        try {
            switch (decoded(message)) {
                case Parse parse -> {
                    statements.parse(parse.name(), parse.sql());
                    write(ctx, new ParseComplete());
                }
                case Bind bind -> {
                    statements.bind(
                            bind.portal(),
                            bind.statement(),
                            bind.parameters().size(),
                            bind.resultFormats());
                    write(ctx, new BindComplete());
                }
                case Describe describe -> describe(ctx, describe, message);
                case Execute execute -> execute(ctx, execute, message);
                case Close close -> {
                    if (close.target() == Target.STATEMENT) {
                        statements.closeStatement(close.name());
                    } else {
                        statements.closePortal(close.name());
                    }
                    write(ctx, new CloseComplete());
                }
                default ->
                        throw new ConsoleException(
                                SqlState.FEATURE_NOT_SUPPORTED,
                                "the console does not know this message",
                                "");
            }
        } catch (ConsoleException e) {
            skipping = true;
            write(ctx, e.error());
            ctx.flush();
        }
    }

    // ---- simple ---------------------------------------------------------------------------------

    private void query(ChannelHandlerContext ctx, ByteBuf message) {
        if (skipping) {
            return;
        }
        String text = ((Query) decoded(message)).sql();
        start(
                ctx,
                run -> {
                    List<List<CommandLexer.Word>> commands = CommandLexer.commands(text);
                    if (commands.isEmpty()) {
                        run.out.add(new EmptyQueryResponse());
                    }
                    for (List<CommandLexer.Word> command : commands) {
                        answer(run, console.execute(command, operator));
                        run.effects.add(() -> DriverCommands.deallocate(command, statements));
                    }
                },
                new Running(
                        ctx.alloc(),
                        ByteBufUtil.getBytes(message),
                        null,
                        true,
                        Console.ifMoved(text)));
    }

    private void answer(Running run, Console.Result result) throws InterruptedException {
        Table table = result.table();
        if (table != null) {
            run.out.describe(table, List.of());
            run.out.rows(table, table.rows(), List.of(), Integer.MAX_VALUE);
        }
        complete(run, result.tag());
    }

    private void complete(Running run, String tag) {
        run.out.add(new CommandComplete(tag));
        run.effects.add(() -> onDone(tag));
    }

    // ---- extended -------------------------------------------------------------------------------

    private void describe(ChannelHandlerContext ctx, Describe describe, ByteBuf message)
            throws ConsoleException {
        boolean ofStatement = describe.target() == Target.STATEMENT;
        Portal portal = ofStatement ? null : statements.portal(describe.name());
        ConsoleStatements.Prepared prepared =
                portal == null ? statements.prepared(describe.name()) : portal.prepared;
        if (ofStatement) {
            write(ctx, new ParameterDescription(List.of()));
        }
        start(
                ctx,
                run -> {
                    Table table = console.describe(prepared.command(), operator);
                    if (table == null) {
                        run.out.add(new NoData());
                    } else {
                        run.out.describe(table, portal == null ? List.of() : portal.formats);
                    }
                },
                new Running(ctx.alloc(), ByteBufUtil.getBytes(message), null, false, null));
    }

    private void execute(ChannelHandlerContext ctx, Execute execute, ByteBuf message)
            throws ConsoleException {
        Portal portal = statements.portal(execute.portal());
        start(
                ctx,
                run -> {
                    if (portal.prepared.command().isEmpty()) {
                        run.out.add(new EmptyQueryResponse());
                        return;
                    }
                    Console.Result result = portal.result;
                    if (result == null) {
                        result = console.execute(portal.prepared.command(), operator);
                    }
                    send(run, portal, result, execute.maxRows());
                    run.effects.add(
                            () -> DriverCommands.deallocate(portal.prepared.command(), statements));
                },
                new Running(
                        ctx.alloc(),
                        ByteBufUtil.getBytes(message),
                        portal,
                        false,
                        Console.ifMoved(portal.prepared.command())));
    }

    private void send(Running run, Portal portal, Console.Result result, int maxRows)
            throws InterruptedException {
        Table table = result.table();
        Rows known = portal.rows;
        Rows rows = known != null || table == null ? known : table.rows();
        if (rows != null && known == null) {
            rows.skip(portal.sent); // another process has sent them
        }
        int most = maxRows > 0 ? maxRows : Integer.MAX_VALUE;
        int sent =
                table == null || rows == null ? 0 : run.out.rows(table, rows, portal.formats, most);
        boolean over = rows == null || !rows.hasNext();
        if (over) {
            complete(run, result.tag());
        } else {
            run.out.add(new PortalSuspended());
        }
        run.effects.add(
                () -> {
                    portal.result = result;
                    portal.rows = rows;
                    portal.sent += sent;
                    portal.over = over;
                });
    }

    // ---- work off the loop ----------------------------------------------------------------------

    private void start(ChannelHandlerContext ctx, Work work, Running run) {
        var task =
                new FutureTask<@Nullable Void>(
                        () -> {
                            ErrorResponse error = attempt(work, run);
                            ctx.executor().execute(() -> finish(ctx, run, error));
                        },
                        null);
        run.task = task;
        running = run;
        ctx.channel().config().setAutoRead(false);
        executor.execute(task);
    }

    private void finish(ChannelHandlerContext ctx, Running run, @Nullable ErrorResponse error) {
        if (running != run) {
            run.out.release();
            return; // the console has moved, and the answer comes from there
        }
        running = null;
        run.effects.forEach(Runnable::run);
        run.out.take().forEach(piece -> ctx.write(piece, ctx.voidPromise()));
        if (error != null) {
            write(ctx, error);
        }
        skipping = error != null && !run.simple;
        if (run.simple) {
            ready(ctx);
        }
        ctx.flush();
        goOn(ctx);
    }

    /** Reads on where it stopped, if it may. */
    private void goOn(ChannelHandlerContext ctx) {
        if (!isReady(ctx) || ctx.isRemoved() || !ctx.channel().isActive()) {
            return;
        }
        ctx.channel().config().setAutoRead(true);
        try {
            channelRead(ctx, Unpooled.EMPTY_BUFFER); // what has come already
        } catch (Exception e) {
            exceptionCaught(ctx, e);
        }
    }

    /** Who does not take answers gets no more, and is not read. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
        if (ctx.channel().isWritable()) {
            goOn(ctx);
        } else {
            ctx.channel().config().setAutoRead(false);
        }
        super.channelWritabilityChanged(ctx);
    }

    /** Nobody waits for the command any more. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        Running run = running;
        if (run != null) {
            cancel(run);
        }
        super.channelInactive(ctx);
    }

    private void onDone(String tag) {
        switch (tag) {
            case "BEGIN" -> status = TransactionStatus.IN_TRANSACTION;
            case "COMMIT", "ROLLBACK" -> status = TransactionStatus.IDLE;
            default -> {} // no other changes it
        }
    }

    private @Nullable ErrorResponse attempt(Work work, Running run) {
        try {
            work.run(run);
            return null;
        } catch (ConsoleException e) {
            LOG.warn("{} admin console: {}", name, e.getMessage());
            return e.error();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failure("interrupted");
        } catch (RuntimeException | Error e) {
            LOG.error("{} admin console failed", name, e);
            return failure("internal error of the console: " + e);
        }
    }

    private static ErrorResponse failure(String text) {
        return ErrorResponse.of(Severity.ERROR, SqlState.INTERNAL_ERROR, text);
    }

    private void ready(ChannelHandlerContext ctx) {
        write(ctx, new ReadyForQuery(status));
        ctx.flush();
    }

    private static void write(ChannelHandlerContext ctx, BackendMessage message) {
        ByteBuf buffer = ctx.alloc().buffer(128);
        message.encode(buffer);
        ctx.write(buffer, ctx.voidPromise());
    }

    // ---- the end --------------------------------------------------------------------------------

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable reason = cause.getCause() == null ? cause : cause.getCause();
        if (reason instanceof ProtocolException violation) {
            LOG.warn("{} protocol violation: {}", name, violation.getMessage());
            write(
                    ctx,
                    ErrorResponse.of(
                            Severity.FATAL,
                            violation.sqlState(),
                            String.valueOf(violation.getMessage())));
            ctx.flush();
        } else {
            LOG.debug("{} {}", name, reason.toString());
        }
        ctx.close();
    }
}
