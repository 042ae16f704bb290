package io.fairlead.cli;

import java.text.MessageFormat;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ResourceBundle;

/// `System.Logger` to stderr, one line a record, by the level that `-v` sets. Replaces java.util.logging, whose set-up would cost
/// start-up time and whose default prints two lines a record. Any thread.
public final class StderrLogging extends System.LoggerFinder {
    private static volatile System.Logger.Level threshold = System.Logger.Level.ERROR;

    /// Called by {@link java.util.ServiceLoader}.
    public StderrLogging() {}

    /// 0 errors, 1 warnings, 2 and 3 what changes, 4 and 5 the life of sessions; the engine logs nothing finer so far.
    static System.Logger.Level levelOf(int verbosity) {
        return switch (verbosity) {
            case 0 -> System.Logger.Level.ERROR;
            case 1 -> System.Logger.Level.WARNING;
            case 2, 3 -> System.Logger.Level.INFO;
            case 4, 5 -> System.Logger.Level.DEBUG;
            default -> verbosity < 0 ? System.Logger.Level.ERROR : System.Logger.Level.TRACE;
        };
    }

    static void verbosity(int verbosity) {
        threshold = levelOf(verbosity);
    }

    @Override
    public System.Logger getLogger(String name, Module module) {
        return new StderrLogger(name);
    }

    private record StderrLogger(String name) implements System.Logger {
        @Override
        public String getName() {
            return name;
        }

        @Override
        public boolean isLoggable(Level level) {
            // The JDK's own loggers tell of exits and certificates: nothing that -v asks for.
            Level least = name.startsWith("io.") ? threshold : Level.ERROR;
            return level != Level.OFF && level.getSeverity() >= least.getSeverity();
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
            if (isLoggable(level)) {
                print(level, message, thrown);
            }
        }

        @Override
        public void log(Level level, ResourceBundle bundle, String format, Object... params) {
            if (isLoggable(level)) {
                print(level, params == null || params.length == 0 ? format : MessageFormat.format(format, params), null);
            }
        }

        private void print(Level level, String message, Throwable thrown) {
            String simpleName = name.substring(name.lastIndexOf('.') + 1);
            StringBuilder line = new StringBuilder()
                    .append(LocalTime.now().truncatedTo(ChronoUnit.MILLIS)).append(' ').append(level).append(' ')
                    .append(simpleName).append(": ").append(message);
            if (thrown != null) {
                line.append(": ").append(thrown);
            }
            System.err.print(line.append('\n'));
            if (thrown != null && threshold.getSeverity() <= Level.DEBUG.getSeverity()) {
                thrown.printStackTrace();
            }
        }
    }
}
