package io.ambassador.discovery.support.net;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The one thread on which every connection to a registry lives; starts with the first user and ends with the last. */
public final class RegistryLoop {
    public static final String THREAD_NAME = "ambassador-registry";

    private static @Nullable EventLoopGroup shared;
    private static int users;

    private RegistryLoop() {}

    /** Each call needs one {@link #release()}. */
    public static synchronized EventLoop acquire() {
        EventLoopGroup group = shared;
        if (group == null) {
            group = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory(THREAD_NAME, true), NioIoHandler.newFactory());
            shared = group;
        }
        users++;
        return group.next();
    }

    /** Returns at once; what has been handed to the loop before still runs. */
    public static synchronized void release() {
        users--;
        EventLoopGroup group = shared;
        if (users == 0 && group != null) {
            shared = null;
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }
}
