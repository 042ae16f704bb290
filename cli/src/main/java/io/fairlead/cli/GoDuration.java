package io.fairlead.cli;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;

/// Durations as Go writes them and kubectl therefore takes them: `1m0s`, `90s`, `1.5h`, `500ms`; a bare number only when it is `0`.
/// Source: Go's `time.ParseDuration`, whose error texts are kept.
final class GoDuration {
    private static final BigDecimal NANOS_MAX = BigDecimal.valueOf(Long.MAX_VALUE);

    private GoDuration() {}

    /// Never null; throws {@link IllegalArgumentException} with Go's text.
    static Duration parse(String text) {
        int at = 0;
        boolean negative = false;
        if (!text.isEmpty() && (text.charAt(0) == '-' || text.charAt(0) == '+')) {
            negative = text.charAt(0) == '-';
            at = 1;
        }
        if (text.substring(at).equals("0")) {
            return Duration.ZERO;
        }
        if (at == text.length()) {
            throw new IllegalArgumentException("invalid duration \"" + text + "\"");
        }
        BigDecimal nanos = BigDecimal.ZERO;
        while (at < text.length()) {
            int number = at;
            at = skipNumber(text, at);
            String digits = text.substring(number, at);
            if (digits.isEmpty() || digits.equals(".") || digits.indexOf('.') != digits.lastIndexOf('.')) {
                throw new IllegalArgumentException("invalid duration \"" + text + "\"");
            }
            int unit = at;
            at = skipUnit(text, at);
            if (unit == at) {
                throw new IllegalArgumentException("missing unit in duration \"" + text + "\"");
            }
            BigDecimal part = new BigDecimal(digits).multiply(nanosOf(text.substring(unit, at), text));
            nanos = nanos.add(part.setScale(0, RoundingMode.DOWN));
            if (nanos.compareTo(NANOS_MAX) > 0) {
                throw new IllegalArgumentException("invalid duration \"" + text + "\"");
            }
        }
        Duration duration = Duration.ofNanos(nanos.longValueExact());
        return negative ? duration.negated() : duration;
    }

    private static int skipNumber(String text, int from) {
        int at = from;
        while (at < text.length() && isNumber(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static int skipUnit(String text, int from) {
        int at = from;
        while (at < text.length() && !isNumber(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static boolean isNumber(char c) {
        return c == '.' || c >= '0' && c <= '9';
    }

    private static BigDecimal nanosOf(String unit, String text) {
        return BigDecimal.valueOf(switch (unit) {
            case "ns" -> 1L;
            case "us", "\u00b5s", "\u03bcs" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> throw new IllegalArgumentException("unknown unit \"" + unit + "\" in duration \"" + text + "\"");
        });
    }

    /// The short form for messages: `500ms`, `2s`, `1m30s`.
    static String format(Duration duration) {
        long millis = duration.toMillis();
        if (millis < 1_000) {
            return millis + "ms";
        }
        if (millis < 60_000) {
            return millis % 1_000 == 0 ? millis / 1_000 + "s" : String.format(Locale.ROOT, "%.1fs", millis / 1_000.0);
        }
        return duration.toMinutes() + "m" + duration.toSecondsPart() + "s";
    }
}
