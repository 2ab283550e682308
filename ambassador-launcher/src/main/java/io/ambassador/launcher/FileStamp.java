package io.ambassador.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What a path leads to, without reading it: a change of the file gives another stamp, as do its coming and going. */
final class FileStamp {
    private FileStamp() {}

    static Object of(Path file) {
        boolean unix = file.getFileSystem().supportedFileAttributeViews().contains("unix");
        try {
            return Files.readAttributes(
                    file, unix ? "unix:ino,dev,size,lastModifiedTime,ctime" : "size,lastModifiedTime,fileKey");
        } catch (NoSuchFileException e) {
            return "missing";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
