#include "os/published_name.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <bulkhead/errc.hpp>
#include <thread>

#include "os/socket_address.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr std::size_t name_bytes_max = 80;
constexpr auto lock_again = std::chrono::milliseconds(2);

std::string in_quotes(const std::string& path) { return "'" + path + "'"; }

[[noreturn]] void throw_refused(int why, const std::string& path) {
  switch (why) {
    case ECONNREFUSED:
      throw error(make_error_code(errc::owner_gone),
                  in_quotes(path) + " was published by a program that has ended");
    case EACCES:
    case EPERM:
      throw error(make_error_code(errc::not_permitted),
                  "this user may not connect to " + in_quotes(path));
    case EPROTOTYPE:
    case ENOTSOCK:
      throw error(make_error_code(errc::unsupported), in_quotes(path) + " is no published queue");
    case EAGAIN:
      throw error(
          make_error_code(errc::timed_out),
          "too many programs are attaching at " + in_quotes(path) + ", or its owner is stopped");
    default:
      throw std::system_error({why, std::system_category()}, "attaching at " + in_quotes(path));
  }
}

}  // namespace

published_name::~published_name() {
  if (directory) ::flock(directory.get(), LOCK_UN);
}

published_name published_name::lock(const std::filesystem::path& path, deadline until) {
  published_name made;
  const std::filesystem::path whole = std::filesystem::absolute(path);
  made.path = whole.string();
  made.name = whole.filename().string();
  if (made.name.empty() || made.name.size() > name_bytes_max) {
    throw std::system_error(
        std::make_error_code(made.name.empty() ? std::errc::is_a_directory
                                               : std::errc::filename_too_long),
        "publishing under " + in_quotes(made.path) + ", whose last part may have 1 to 80 bytes");
  }
  const std::string parent = whole.parent_path().string();
  made.directory.reset(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!made.directory) throw_last_error("opening the directory " + in_quotes(parent));
  while (::flock(made.directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_last_error("locking " + in_quotes(parent));
    if (until && std::chrono::steady_clock::now() >= *until) {
      throw error(make_error_code(errc::timed_out),
                  "another program holds a lock of the directory " + in_quotes(parent));
    }
    std::this_thread::sleep_for(lock_again);
  }
  return made;
}

// The kernel waits for room in the backlog, and no longer than the socket's timeout for sending.
channel connect_to(const std::filesystem::path& path, std::chrono::seconds patience) {
  const std::string text = path.string();
  unique_fd inode;
  if (!socket_address::fits(text)) {
    inode.reset(::open(text.c_str(), O_PATH | O_CLOEXEC));
    if (!inode) throw_refused(errno, text);
  }
  const socket_address address = inode ? socket_address::of(inode.get()) : socket_address(text);
  unique_fd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!made) throw_last_error("making a socket");
  const timeval most{patience.count(), 0};
  if (::setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) != 0) {
    throw_last_error("setting a socket's timeout");
  }
  while (::connect(made.get(), address.get(), address.bytes()) != 0) {
    if (errno != EINTR) throw_refused(errno, text);
  }
  return channel(std::move(made));
}

}  // namespace bulkhead::os
