package io.ambassador.service;

import io.netty.channel.Channel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The file of a unix socket: who may open it, and who may put another in its place. */
public final class SocketFile {
    private static final int WRITABLE_BY_OTHERS = 0022;
    private static final int STICKY = 01000;

    /** Binds a listener to a path. */
    public interface Binding {
        Channel bind(Path path) throws IOException;
    }

    private SocketFile() {}

    /**
     * Binds out of everybody's sight, and moves the socket to {@code place} once nobody but our own user may open it.
     * A socket that a dead process left there is replaced.
     *
     * @throws IOException telling why, if that cannot be done
     */
    public static Channel bind(Path place, Binding binding) throws IOException {
        removeStaleSocket(place);
        Path directory = place.toAbsolutePath().getParent();
        Path hidden = directory == null ? null : Files.createTempDirectory(directory, ".s");
        if (hidden == null) {
            throw new IOException(place + " is a directory");
        }
        Path fresh = hidden.resolve("s");
        Channel channel = null;
        boolean done = false;
        try {
            channel = binding.bind(fresh);
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
            Files.move(fresh, place, StandardCopyOption.ATOMIC_MOVE);
            done = true;
            return channel;
        } finally {
            if (channel != null && !done) {
                channel.close().awaitUninterruptibly();
            }
            Files.deleteIfExists(fresh);
            Files.delete(hidden);
        }
    }

    /** A socket file outlives the process that made it; anything else at its place is left alone. */
    private static void removeStaleSocket(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean socket = !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                && !Files.isSymbolicLink(path);
        if (!socket) {
            throw new IOException("there is a file that is not a socket. Remove it or choose another path");
        }
        if (answers(path)) {
            throw new IOException("another process is listening there");
        }
        Files.delete(path);
    }

    /** @throws IOException if that cannot be told, as for another user's socket */
    private static boolean answers(Path path) throws IOException {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return probe.isConnected();
        } catch (ConnectException e) {
            return false; // nobody listens: that is what makes it stale
        }
    }

    /** Whether other users may remove {@code socket} and put their own there; {@code false} where modes are unknown. */
    public static boolean isOpenToOthers(Path socket) {
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
