package io.fairlead.bench.chart;

import java.util.List;
import java.util.Locale;

/// A picture of text, lines and boxes as an SVG that stands by itself: its own background and inks for light and for dark, as
/// the reader's system asks, so that both fit wherever it is shown. Fonts are the system's.
///
/// Colours of peers are classes `0` to `7`: fills `fN`, strokes `sN`. They differ in lightness too, and lines have dashes of their own.
final class Svg {
    static final int COLOURS = 8;
    static final String LIGHT_BACKGROUND = "#ffffff";
    static final String DARK_BACKGROUND = "#0d1117";

    /// After Okabe and Ito's palette, which is told apart with any colour vision; darker on white, lighter on black. Blue is first: ours.
    static final List<String> ON_LIGHT = List.of("#0072b2", "#d55e00", "#9a6a00", "#6e7781", "#1f2328", "#00795c", "#b0478a", "#3d8fc4");
    static final List<String> ON_DARK = List.of("#56b4e9", "#ff8a4a", "#e8c547", "#8b949e", "#f0f6fc", "#2fc79b", "#e79ac6", "#9fd3f5");

    private static final List<String> DASHES = List.of("", "7 3", "2 3", "", "10 3 2 3", "12 4", "4 2 1 2", "1 2");
    /// Widest of the fonts that may be found has about this much per letter.
    private static final double LETTER = 0.6;

    private final int width;
    private final StringBuilder body = new StringBuilder();

    Svg(int width) {
        this.width = width;
    }

    /// @param anchor start, middle or end
    /// @param style classes: `ink`, `mute`, `fN`, `bold`
    void text(double x, double y, int size, String anchor, String style, String text) {
        body.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\" class=\"%s\">%s</text>%n", x, y, size,
                anchor, style, escape(text)));
    }

    /// @param style classes: `grid`, `axis`, `whisker`, `halo`, `sN`
    void line(double x1, double y1, double x2, double y2, String style) {
        body.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>%n", x1, y1, x2, y2, style));
    }

    void bar(double x, double y, double w, double h, int colour) {
        body.append(String.format(Locale.ROOT, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"f%d\"/>%n", x, y, w, h, colour));
    }

    /// Where a bar is broken: it goes on for longer than there is room.
    void gap(double x, double y, double height) {
        body.append(String.format(Locale.ROOT, "<path d=\"M%.1f %.1fl5 %.1fl5 0l-5 %.1fz\" class=\"back\"/>%n", x, y - 1, height + 2, -height - 2));
    }

    /// A range on a bar: a line with ends, set off from what lies below it.
    void whiskerOnBar(double from, double to, double y) {
        whisker(from, to, y, 3.5, "halo");
        whisker(from, to, y, 3.5, "whisker");
    }

    /// A range beside a point.
    ///
    /// @param tick half the height of its ends
    void whisker(double from, double to, double y, double tick) {
        whisker(from, to, y, tick, "whisker");
    }

    private void whisker(double from, double to, double y, double tick, String style) {
        line(from, y, to, y, style);
        line(from, y - tick, from, y + tick, style);
        line(to, y - tick, to, y + tick, style);
    }

    void disc(double x, double y, double radius, int colour) {
        body.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"f%d\"/>%n", x, y, radius, colour));
    }

    void diamond(double x, double y, double radius, int colour) {
        body.append(String.format(Locale.ROOT, "<path d=\"M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz\" class=\"f%d\"/>%n", x, y - radius, radius,
                radius,
                -radius, radius, -radius, -radius, colour));
    }

    /// A line through (x, y) pairs.
    void curve(List<double[]> points, int colour) {
        body.append("<polyline points=\"").append(points(points)).append("\" class=\"curve s").append(colour).append("\"");
        if (!DASHES.get(colour).isEmpty()) {
            body.append(" stroke-dasharray=\"").append(DASHES.get(colour)).append('"');
        }
        body.append("/>\n");
    }

    /// A faint area inside (x, y) pairs.
    void area(List<double[]> points, int colour) {
        body.append("<polygon points=\"").append(points(points)).append("\" class=\"area f").append(colour).append("\"/>\n");
    }

    /// About how wide `text` is; rather more than less.
    static double width(String text, int size) {
        return text.length() * size * LETTER;
    }

    /// @param description what a reader who cannot see it is told
    String finish(int height, String title, String description) {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height + "\" viewBox=\"0 0 " + width + " " + height
                + "\" role=\"img\" font-family=\"-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',Helvetica,Arial,sans-serif\">\n"
                + "<title>" + escape(title) + "</title>\n<desc>" + escape(description) + "</desc>\n<style>\n"
                + ".bold{font-weight:600}.grid{stroke-width:1}.axis,.whisker{stroke-width:1.2}"
                + ".halo{stroke-width:3.2;stroke-linecap:square;stroke-opacity:.75}"
                + ".curve{fill:none;stroke-width:2;stroke-linejoin:round}.area{fill-opacity:.13}\n"
                + style(LIGHT_BACKGROUND, "#1f2328", "#59636e", "#d8dee4", ON_LIGHT)
                + "@media (prefers-color-scheme:dark){\n" + style(DARK_BACKGROUND, "#f0f6fc", "#9198a1", "#2b323a", ON_DARK) + "}\n</style>\n"
                + "<rect width=\"" + width + "\" height=\"" + height + "\" rx=\"6\" class=\"back\"/>\n" + body + "</svg>\n";
    }

    private static String style(String background, String ink, String mute, String grid, List<String> colours) {
        var css = new StringBuilder(".back{fill:" + background + "}.ink{fill:" + ink + "}.mute{fill:" + mute + "}.grid{stroke:" + grid
                + "}.axis{stroke:"
                + mute + "}.whisker{stroke:" + ink + "}.halo{stroke:" + background + "}\n");
        for (int i = 0; i < COLOURS; i++) {
            css.append(".f").append(i).append("{fill:").append(colours.get(i)).append("}.s").append(i).append("{stroke:").append(colours.get(i))
                    .append('}');
        }
        return css.append('\n').toString();
    }

    private static String points(List<double[]> points) {
        var text = new StringBuilder();
        for (double[] point : points) {
            text.append(String.format(Locale.ROOT, "%.1f,%.1f ", point[0], point[1]));
        }
        return text.toString().strip();
    }

    private static String escape(String text) {
        var safe = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                default -> safe.appendCodePoint(c < ' ' ? ' ' : c); // XML knows no control characters
            }
        });
        return safe.toString();
    }
}
