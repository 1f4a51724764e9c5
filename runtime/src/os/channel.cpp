#include "os/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <climits>
#include <cstring>
#include <mutex>

#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

static_assert(detail::is_fixed_size<control::header>);
constexpr std::size_t header_bytes = detail::fixed_size_of<control::header>;
constexpr std::size_t datagram_bytes_max = header_bytes + control::inline_bytes_max;

using control_bytes = std::array<std::byte, CMSG_SPACE(descriptors_max * sizeof(int))>;

// A body that is too long for a datagram. Read with pread by the other side, so no seals are
// needed.
unique_fd body_segment(std::span<const std::byte> body) {
  unique_fd segment(::memfd_create("bulkhead-request", MFD_CLOEXEC));
  std::size_t done = 0;
  while (segment && done < body.size()) {
    const ssize_t wrote =
        ::pwrite(segment.get(), body.data() + done, body.size() - done, static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return unique_fd();
    done += static_cast<std::size_t>(wrote);
  }
  return segment;
}

// Only memory has seals. A file of somebody's own file system could make its reader wait for ever.
bool read_segment(int segment, std::vector<std::byte>& body, std::size_t body_max) {
  struct stat status {};
  if (::fcntl(segment, F_GET_SEALS) < 0 || ::fstat(segment, &status) != 0 ||
      !S_ISREG(status.st_mode) || status.st_size < 0 ||
      static_cast<std::uint64_t>(status.st_size) > body_max) {
    return false;
  }
  body.resize(static_cast<std::size_t>(status.st_size));
  std::size_t done = 0;
  while (done < body.size()) {
    const ssize_t got =
        ::pread(segment, body.data() + done, body.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

// Takes every descriptor that came into our hands, so that none is left open whatever else is
// wrong.
std::vector<unique_fd> take_descriptors(msghdr& message) {
  std::vector<unique_fd> taken;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t n = 0; n < count; ++n) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + n * sizeof(int), sizeof fd);
      taken.emplace_back(fd);
    }
  }
  return taken;
}

/// Meanwhile this process may have as many descriptors as it may allow itself. The limit is whole
/// the process's, so one at a time.
class raised_descriptor_limit {
 public:
  raised_descriptor_limit() noexcept : lock_(mutex) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit most{before_.rlim_max, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &most);
  }
  raised_descriptor_limit(const raised_descriptor_limit&) = delete;
  raised_descriptor_limit& operator=(const raised_descriptor_limit&) = delete;
  ~raised_descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  static inline std::mutex mutex;
  std::lock_guard<std::mutex> lock_;
  rlimit before_{};
};

std::error_code try_to_send(int socket, const msghdr& message) {
  for (;;) {
    if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
    if (errno != EINTR) return last_error();
  }
}

// Of a user without rights the kernel counts the descriptors under way, those of all its processes
// and so what lies in the keeper's vault, against the sender's soft limit (unix(7), ETOOMANYREFS).
std::error_code send_message(int socket, std::span<iovec> parts, std::span<const int> descriptors) {
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  alignas(cmsghdr) control_bytes room{};
  if (!descriptors.empty()) {
    message.msg_control = room.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(c), descriptors.data(), descriptors.size_bytes());
  }
  const std::error_code failed = try_to_send(socket, message);
  if (!has_too_many_under_way(failed)) return failed;
  const raised_descriptor_limit raised;
  return try_to_send(socket, message);
}

}  // namespace

bool has_too_many_under_way(const std::error_code& failed) noexcept {
  return failed == std::error_code(ETOOMANYREFS, std::system_category());
}

std::pair<channel, channel> channel::make_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    throw_last_error("making a pair of control sockets");
  }
  return {channel(unique_fd(ends[0])), channel(unique_fd(ends[1]))};
}

void channel::shut_down() noexcept {
  if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
}

std::error_code channel::send_bytes(control::header head, std::span<const std::byte> body,
                                    std::span<const int> descriptors) {
  if (body.size() > body_bytes_max || descriptors.size() >= descriptors_max) {
    return std::make_error_code(std::errc::message_size);
  }
  std::array<int, descriptors_max> all;
  std::size_t count = 0;
  unique_fd segment;
  if (body.size() > control::inline_bytes_max) {
    segment = body_segment(body);
    if (!segment) return last_error();
    all[count++] = segment.get();
    head.in_memfd = 1;
    body = {};
  }
  for (const int fd : descriptors) all[count++] = fd;

  std::array<std::byte, header_bytes> head_bytes;
  detail::encoder to(head_bytes.data());
  detail::encode(to, head);
  iovec parts[2] = {{head_bytes.data(), head_bytes.size()},
                    {const_cast<std::byte*>(body.data()), body.size()}};
  return send_message(socket_.get(), parts, std::span<const int>(all.data(), count));
}

receive_result channel::look(datagram& out) { return receive_as(out, body_bytes_max, MSG_PEEK); }

receive_result channel::receive_as(datagram& out, std::size_t body_max, int flags) {
  out = {};
  std::array<std::byte, datagram_bytes_max> bytes;
  alignas(cmsghdr) control_bytes room;
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  ssize_t got = -1;
  do {
    got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | flags);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    return errno == EAGAIN || errno == EWOULDBLOCK ? receive_result::nothing
                                                   : receive_result::ended;
  }
  out.descriptors = take_descriptors(message);
  // A datagram of no bytes looks like the end; nobody of ours sends one.
  if (got == 0) return receive_result::ended;
  if ((message.msg_flags & MSG_TRUNC) != 0) return receive_result::garbage;
  detail::decoder from(std::span<const std::byte>(bytes.data(), static_cast<std::size_t>(got)));
  out.head = detail::decode<control::header>(from);
  if (from.failed() || out.head.kind > control::kind_max || out.head.in_memfd > 1) {
    return receive_result::garbage;
  }
  out.lost_descriptors = (message.msg_flags & MSG_CTRUNC) != 0;
  if (out.head.in_memfd == 0) out.body.assign(bytes.data() + header_bytes, bytes.data() + got);
  if (out.lost_descriptors) return receive_result::garbage;
  if (out.head.in_memfd == 0) return receive_result::received;
  if (out.descriptors.empty() || from.left() != 0) return receive_result::garbage;
  if (!read_segment(out.descriptors.front().get(), out.body, body_max)) {
    return receive_result::garbage;
  }
  out.descriptors.erase(out.descriptors.begin());
  return receive_result::received;
}

receive_result channel::receive_until(datagram& out, deadline until) {
  using std::chrono::milliseconds;
  for (;;) {
    const receive_result result = receive(out);
    if (result != receive_result::nothing) return result;
    int wait_ms = -1;
    if (until) {
      const auto left = std::chrono::ceil<milliseconds>(*until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return receive_result::nothing;
      wait_ms = static_cast<int>(std::min<milliseconds::rep>(left.count(), INT_MAX));
    }
    pollfd look{socket_.get(), POLLIN, 0};
    static_cast<void>(::poll(&look, 1, wait_ms));
  }
}

}  // namespace bulkhead::os
