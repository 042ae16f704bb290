package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import org.junit.jupiter.api.Test;

class PortHistoryTest {
    private final PortHistory history = new PortHistory();

    @Test
    void anUploadIsRememberedUntilManyInTurnWereNone() {
        assertFalse(history.isUpload());
        history.wasBulk(true);
        for (int i = 0; i < Limits.INTERACTIVE_STREAK; i++) {
            assertTrue(history.isUpload(), i + " since");
            history.wasInteractive();
        }
        assertFalse(history.isUpload());
        history.wasBulk(true);
        assertTrue(history.isUpload());
    }

    @Test
    void aDownloadAfterItDoesNotEndThatButAnotherPodDoes() {
        history.wasBulk(true);
        history.wasBulk(false);
        assertTrue(history.isUpload());
        history.forget();
        assertFalse(history.isUpload());
        history.wasBulk(false);
        assertFalse(history.isUpload());
    }
}
