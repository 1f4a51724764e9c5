#include "line_reader.hpp"

#include <unistd.h>
#include <boost/asio/dispatch.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

namespace bulkhead::detail {
namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;

}  // namespace

line_reader::line_reader(boost::asio::io_context& loop, boost::asio::any_io_executor user,
                         os::unique_fd pipe, source from)
    : pipe_(loop, pipe.release()), user_(std::move(user)), from_(std::move(from)) {}

// The next part is read once the user's executor has had the last one, so that a slow handler makes
// the writer wait and not our memory grow.
void line_reader::wait() {
  pipe_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](auto failure) {
                     if (failure) return;
                     if (self->read() == got::end) return self->pipe_.close();
                     boost::asio::dispatch(self->user_, [self] {
                       boost::asio::dispatch(self->pipe_.get_executor(), [self] { self->wait(); });
                     });
                   });
}

line_reader::got line_reader::read() {
  const ssize_t bytes = ::read(pipe_.native_handle(), room_.data(), room_.size());
  if (bytes < 0) return errno == EAGAIN || errno == EINTR ? got::nothing : got::end;
  if (bytes == 0) {
    if (!line_.empty()) hand_over(std::move(line_));
    line_.clear();
    return got::end;
  }
  split(static_cast<std::size_t>(bytes));
  return got::something;
}

void line_reader::drain() {
  if (!pipe_.is_open()) return;
  got last = got::something;
  // Bounded, should others go on writing: what the dead one wrote is not more than the pipe holds.
  for (int part = 0; part < 64 && last == got::something; ++part) last = read();
  if (!line_.empty()) hand_over(std::exchange(line_, {}));
  if (last == got::end) pipe_.close();
}

void line_reader::split(std::size_t bytes) {
  const char* at = room_.data();
  const char* const end = at + bytes;
  while (at < end) {
    const std::size_t room = line_bytes_max - line_.size();
    const std::size_t look = std::min(room, static_cast<std::size_t>(end - at));
    const auto* const stop = static_cast<const char*>(std::memchr(at, '\n', look));
    line_.append(at, stop != nullptr ? stop : at + look);
    at += stop != nullptr ? stop - at + 1 : static_cast<std::ptrdiff_t>(look);
    if (stop != nullptr || line_.size() == line_bytes_max) hand_over(std::exchange(line_, {}));
  }
}

// A handler that throws harms itself only.
void line_reader::hand_over(std::string text) {
  output_line line{std::chrono::system_clock::now(), from_.process, from_.stream, std::move(text)};
  boost::asio::dispatch(user_, [self = shared_from_this(), line = std::move(line)] {
    try {
      self->from_.handler(line);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "bulkhead: the handler of the lines of '%s' threw: %s\n",
                   self->from_.process.c_str(), failure.what());
    } catch (...) {
      std::fprintf(stderr, "bulkhead: the handler of the lines of '%s' threw\n",
                   self->from_.process.c_str());
    }
  });
}

}  // namespace bulkhead::detail
