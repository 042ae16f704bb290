package io.fairlead.engine.kube;

/// Which pods of a namespace to list or watch.
///
/// @param labelSelector in the API's query form; empty for any
/// @param fieldSelector in the API's query form; empty for any
public record PodQuery(String labelSelector, String fieldSelector) {
    /// The pods with these labels.
    public static PodQuery labelled(String labelSelector) {
        return new PodQuery(labelSelector, "");
    }

    /// The one pod of this name.
    public static PodQuery named(String pod) {
        return new PodQuery("", "metadata.name=" + pod);
    }
}
