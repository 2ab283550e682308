package io.ambassador.listener;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who may replace a socket is decided by the directory it is in. */
final class SocketDirectory {
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;

    private SocketDirectory() {}

    /** Whether other users may remove {@code socket} and put their own there; {@code false} where modes are unknown. */
    static boolean isOpenToOthers(Path socket) {
        Path directory = socket.toAbsolutePath().getParent();
        if (directory == null
                || !directory.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return false;
        }
        try {
            int mode = (Integer) Files.getAttribute(directory, "unix:mode");
            return (mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0;
        } catch (IOException e) {
            return false; // binding will tell what is wrong with it
        }
    }
}
