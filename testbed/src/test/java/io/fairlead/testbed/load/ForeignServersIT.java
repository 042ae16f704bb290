package io.fairlead.testbed.load;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The modes for servers that are not ours: what is right counts, and what is wrong is named.
class ForeignServersIT {
    private final Loops loops = Loops.start("server", 1);

    @AfterEach
    void stop() {
        loops.close();
    }

    @Test
    void getsOnKeptConnectionsAreCountedWithTheirBytes() throws Exception {
        LoadResult result = run(load -> load.tally.ops > 3, Mode.HTTP, "/", PodBehaviour.http("hello\n"), 3);
        assertEquals(Map.of(), result.errors());
        assertEquals(3, result.opened());
        assertTrue(result.ops() > 3, result::json);
        assertTrue(result.verifiedBytes() >= 6 * result.ops() && result.bytes() > result.verifiedBytes() / 2, result::json);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            HTTP/1.1 404 Not Found~Content-Length: 2~~no                  | HTTP status 404 Not Found, not 200
            HTTP/1.1 301~Content-Length: 0~~                              | HTTP status 301, not 200
            HTTP/1.1 200 OK~Content-Length: 10~~short                     | body shorter than Content-Length
            HTTP/1.1 200 OK~Content-Length: 2~~long                       | more bytes than Content-Length says
            HTTP/1.1 200 OK~Server: x~~hi                                 | no Content-Length
            HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~hi~0~~          | a body in chunks (Transfer-Encoding: chunked), which this client does not check
            -ERR unknown command 'GET'~                                   | the answer is not HTTP/1.1
            """)
    void anAnswerThatIsWrongIsAnErrorByName(String answer, String error) throws Exception {
        LoadResult result = run(load -> !load.tally.errors.isEmpty(), Mode.HTTP, "/", new Answers(answer.replace("~", "\r\n"), true), 1);
        assertEquals(Map.of(error, 1L), result.errors());
    }

    @Test
    void aServerThatClosesAfterAnAnswerIsAskedAgainOnANewConnection() throws Exception {
        LoadResult result = run(load -> load.tally.ops > 4 && load.opened > 4, Mode.HTTP, "/",
                new Answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", true), 2);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.outcomes().get("opened anew, as the server closes") >= result.ops(), result::json); // the first may be before the window
        assertTrue(result.ops() > 4 && result.opened() > 4, result::json);
    }

    @Test
    void aHeadInPiecesIsRead() throws Exception {
        PodBehaviour inPieces = connection -> connection.pipeline().addLast(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                for (byte b : "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".getBytes(ISO_8859_1)) {
                    ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {b}));
                }
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                ctx.close();
            }
        });
        LoadResult result = run(load -> load.tally.ops > 0, Mode.HTTP, "/", inPieces, 1);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.ops() > 0, result::json);
    }

    @Test
    void aRequestIsAskedOncePerConnectionAndTimedToTheFirstByte() throws Exception {
        LoadResult result = run(load -> load.tally.ops > 1, Mode.ASK, "PING\r\n", new Answers("+PONG\r\n", false), 2);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.ops() > 1 && result.opened() >= result.ops(), result::json);
        assertEquals(result.ops(), result.latency().getTotalCount(), 2, result::json);
    }

    @Test
    void aServerThatSpeaksFirstNeedsNoRequest() throws Exception {
        LoadResult result = run(load -> load.tally.ops > 1, Mode.ASK, "", PodBehaviour.close(), 1);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.ops() > 1, result::json);
    }

    @Test
    void aConnectionIsTouchedUntilTheServerEndsIt() throws Exception {
        LoadResult result = run(load -> load.tally.ops > 1, Mode.TOUCH, "", PodBehaviour.sink(), 2);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.ops() > 1 && result.bytes() == 0, result::json);
        assertTrue(run(_ -> true, Mode.TOUCH, "", PodBehaviour.stall(), 2).ops() == 0);
    }

    @Test
    void whatAServerSendsByItselfIsDrained() throws Exception {
        LoadResult result = run(load -> load.tally.bytes > 1_000_000, Mode.DRAIN, "", PodBehaviour.source(-1), 2);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.bytes() > 1_000_000, result::json);
        assertEquals(0, result.verifiedBytes());
    }

    /// The window lasts until there is `enough` to judge, too: in any fixed time a machine may just stand still.
    private LoadResult run(Predicate<Workload> enough, Mode mode, String request, PodBehaviour behaviour, int connections) throws Exception {
        try (PodServer server = PodServer.listen(loops, behaviour, "127.0.0.1", 0)) {
            LoadSpec spec = LoadSpec.of(mode, new InetSocketAddress("127.0.0.1", server.port())).with("request", request)
                    .with("connections", Integer.toString(connections)).with("warmup", "0").with("seconds", "0.4");
            return Load.run(List.of(spec), Load.Window.IGNORED, enough).getFirst();
        }
    }

    /// Says the same to whatever comes, and closes then if `ends`.
    private record Answers(String text, boolean ends) implements PodBehaviour {
        @Override
        public void serve(SocketChannel connection) {
            connection.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                    ((ByteBuf) message).release();
                    var written = ctx.writeAndFlush(Unpooled.copiedBuffer(text, ISO_8859_1));
                    if (ends) {
                        written.addListener(ChannelFutureListener.CLOSE);
                    }
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                    ctx.close();
                }
            });
        }
    }
}
