package io.ambassador.transport;

import java.io.IOException;

/** Carries bytes from one socket to another, as many at a time as it holds. On the event loop of both. */
public interface Conduit {
    /**
     * Reads; everything read before has been written.
     *
     * @return how many bytes; 0 if there are none now; {@link #ENDED} if no more will come, where that can be told
     */
    int fill(SocketEvents from) throws IOException;

    /** What {@link #fill} returns at the end of the data. */
    int ENDED = -1;

    /** Writes what there is room for; {@link #held} tells the rest. */
    void drain(SocketEvents to) throws IOException;

    /** Bytes that have been read and not written yet. */
    int held();

    /** Whether a read of so many bytes may have left some. */
    boolean mayLeaveMore(int filled);

    /** Ends its use; what is still held does not arrive. */
    void giveBack();
}
