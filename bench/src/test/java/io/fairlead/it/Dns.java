package io.fairlead.it;

import io.fairlead.testbed.pod.PodClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// One question over TCP, in bytes. Source: RFC 1035 4.1 and 4.2.2.
final class Dns {
    /// @param code 0: no error, 3: no such name
    record Answer(int code, int answers) {}

    private Dns() {}

    /// Asks for the A records of `name` and returns what the answer's header says.
    static Answer ask(PodClient client, String name) throws IOException {
        var question = new ByteArrayOutputStream();
        question.writeBytes(new byte[] {0x1f, 0x2e, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}); // id, recursion desired, one question
        for (String label : name.split("\\.")) {
            question.write(label.length());
            question.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        question.writeBytes(new byte[] {0, 0, 1, 0, 1}); // the root, A, IN
        client.send(ByteBuffer.allocate(2 + question.size()).putShort((short) question.size()).put(question.toByteArray()).array());
        ByteBuffer answer = ByteBuffer.wrap(client.receive(ByteBuffer.wrap(client.receive(2)).getShort() & 0xffff));
        if (answer.getShort(0) != 0x1f2e || (answer.get(2) & 0x80) == 0) {
            throw new IOException("no answer to our question: " + answer);
        }
        return new Answer(answer.get(3) & 0xf, answer.getShort(6) & 0xffff);
    }
}
