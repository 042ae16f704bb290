package io.fairlead.testbed.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// A client of HTTP/1.1 as small as checking the answer allows: one GET at a time on a kept connection, headers read as text, the body counted.
/// What it does not understand (a body in chunks, a body without a length) ends the connection with an error that says so. Where the server ends a
/// connection with an answer (`Connection: close`; some do after a number of requests), the next request goes over a new one, which is counted.
final class HttpWorkers {
    private static final int HEAD_BYTES_MAX = 16 * 1024;

    private HttpWorkers() {}

    /// The bytes of one GET.
    static ByteBuf get(String path, InetSocketAddress host) {
        return Unpooled.copiedBuffer("GET " + path + " HTTP/1.1\r\nHost: " + host.getHostString() + "\r\nAccept: */*\r\nUser-Agent: fairlead-bench\r\n"
                + "\r\n", StandardCharsets.US_ASCII);
    }

    /// See {@link Mode#HTTP}.
    static final class Get extends Worker {
        private final StringBuilder head = new StringBuilder();
        private ByteBuf request;
        private long sentNanos;
        private long bodyLeft = -1;
        private boolean last;

        Get(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            request = get(load.spec.request(), load.spec.targets().getFirst());
            send();
        }

        private void send() {
            sentNanos = System.nanoTime();
            ctx.writeAndFlush(request.duplicate().retain(), ctx.voidPromise());
        }

        @Override
        void on(ByteBuf bytes) {
            load.tally.bytes += bytes.readableBytes();
            if (bodyLeft < 0 && !head(bytes)) {
                return;
            }
            int taken = (int) Math.min(bodyLeft, bytes.readableBytes());
            bodyLeft -= taken;
            bytes.skipBytes(taken);
            load.tally.verifiedBytes += taken;
            if (bodyLeft == 0) {
                answered(bytes.isReadable());
            }
        }

        /// Whether the head is complete and good; the rest of `bytes` is body then.
        private boolean head(ByteBuf bytes) {
            while (bytes.isReadable()) {
                head.append((char) (bytes.readByte() & 0xff));
                int length = head.length();
                if (length >= 4 && head.charAt(length - 1) == '\n' && head.charAt(length - 3) == '\n') {
                    return isGood(head.toString());
                }
                if (length > HEAD_BYTES_MAX || length == 5 && !head.toString().equals("HTTP/")) {
                    fail("the answer is not HTTP/1.1");
                    return false;
                }
            }
            return false;
        }

        private boolean isGood(String text) {
            String[] lines = text.split("\r\n");
            String[] status = lines[0].split(" ", 3);
            if (status.length < 2 || !status[1].equals("200")) {
                fail("HTTP status " + (status.length < 2 ? "missing" : lines[0].substring(lines[0].indexOf(' ') + 1)) + ", not 200");
                return false;
            }
            for (int i = 1; i < lines.length; i++) {
                String line = lines[i].toLowerCase(Locale.ROOT);
                String value = line.substring(line.indexOf(':') + 1).strip();
                if (line.startsWith("content-length:") && value.matches("[0-9]{1,18}")) {
                    bodyLeft = Long.parseLong(value);
                } else if (line.startsWith("transfer-encoding:")) {
                    fail("a body in chunks (Transfer-Encoding: " + value + "), which this client does not check");
                    return false;
                } else if (line.startsWith("connection:") && value.equals("close")) {
                    last = true;
                }
            }
            if (bodyLeft < 0) {
                fail("no Content-Length");
                return false;
            }
            return true;
        }

        private void answered(boolean more) {
            load.tally.op(System.nanoTime() - sentNanos);
            bodyLeft = -1;
            head.setLength(0);
            if (more) {
                fail("more bytes than Content-Length says");
            } else if (last) {
                load.tally.outcome("opened anew, as the server closes");
                load.again(this, new Get(load, index));
            } else if (!load.over()) {
                send();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            fail(bodyLeft > 0 ? "body shorter than Content-Length" : "closed");
        }

        @Override
        void finish(Unanswered waits) {
            if (!ended()) {
                waits.add(System.nanoTime() - sentNanos);
            }
        }
    }
}
