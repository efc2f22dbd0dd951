//! A stream whose other end has to take what is sent to it, some of it at least, within a time.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

/// Fails with [`io::ErrorKind::TimedOut`] when writing makes no progress for too long. Reading may take as long as it likes:
/// what is awaited has limits of its own.
///
/// It holds the room that a connection takes, because a connection that becomes a websocket outlives the task that served it.
pub(super) struct Patient<S> {
    stream: S,
    max_time: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _room: Option<OwnedSemaphorePermit>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, max_time: Duration, room: Option<OwnedSemaphorePermit>) -> Self {
        Self { stream, max_time, stalled: None, _room: room }
    }

    /// Lets a write wait, but not for ever.
    fn limit<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let max_time = self.max_time;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(max_time)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the other end does not take what is sent to it",
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        // TCP says at once that it is flushed: that is no sign of progress.
        if flushed.is_ready() { flushed } else { self.limit(cx, flushed) }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.limit(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn who_takes_nothing_is_cut_off_and_who_takes_some_is_not() {
        let (near, mut far) = duplex(4);
        let mut near = Patient::new(near, Duration::from_millis(20), None);
        near.write_all(b"abcd").await.unwrap();
        let writing = tokio::spawn(async move {
            near.write_all(b"efgh").await.unwrap();
            let error = near.write_all(b"ijkl").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        });
        let mut taken = [0; 4];
        far.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"abcd");
        writing.await.unwrap();
        far.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"efgh");
    }
}
