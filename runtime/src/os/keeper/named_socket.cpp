#include "os/keeper/named_socket.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>

#include "os/peer_identity.hpp"
#include "os/socket_address.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr int backlog = 64;

/// The umask would take bits off the mode. The keeper has one thread.
class no_umask {
 public:
  no_umask() noexcept : before_(::umask(0)) {}
  no_umask(const no_umask&) = delete;
  no_umask& operator=(const no_umask&) = delete;
  ~no_umask() { ::umask(before_); }

 private:
  mode_t before_;
};

unique_fd make_socket() {
  unique_fd made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) throw_last_error("making a socket");
  return made;
}

[[noreturn]] void throw_owned(const std::string& path, pid_t owner) {
  throw error(make_error_code(errc::other_owner),
              "'" + path + "' is published by a living program" +
                  (owner > 0 ? ", process " + std::to_string(owner) : std::string()));
}

// Whether somebody listens there is what a connection attempt says: the kernel refuses it as soon
// as the listener is gone.
void clear_name(int directory, const std::string& name, const std::string& path,
                const socket_address& address) {
  struct stat found {};
  if (::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return;
    throw_last_error("looking at '" + path + "'");
  }
  if (!S_ISSOCK(found.st_mode)) {
    throw std::system_error(std::make_error_code(std::errc::file_exists),
                            "'" + path + "' is no socket, and nothing is published in its place");
  }
  const unique_fd probe = make_socket();
  if (::connect(probe.get(), address.get(), address.bytes()) == 0) {
    throw_owned(path, identity_of_peer(probe.get()).pid);
  }
  switch (errno) {
    case ECONNREFUSED:
      break;
    case EAGAIN:      // its backlog is full
    case EPROTOTYPE:  // it listens for connections of another kind
      throw_owned(path, 0);
    case ENOENT:
      return;
    default:
      throw_last_error("asking who has '" + path + "'");
  }
  if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT) {
    throw_last_error("removing the socket '" + path + "' of a dead owner");
  }
}

}  // namespace

named_socket::named_socket(unique_fd directory, const std::string& name, const std::string& path,
                           mode_t mode)
    : directory_(std::move(directory)), listener_(make_socket()), name_(name) {
  const socket_address address = socket_address::in(directory_.get(), name);
  clear_name(directory_.get(), name, path, address);
  // The mode is the socket's before it has a name, so that nobody meets it with another one.
  if (::fchmod(listener_.get(), mode) != 0) throw_last_error("setting the mode of '" + path + "'");
  {
    const no_umask whole_mode;
    if (::bind(listener_.get(), address.get(), address.bytes()) != 0) {
      if (errno == EADDRINUSE) throw_owned(path, 0);
      throw_last_error("publishing under '" + path + "'");
    }
  }
  struct stat made {};
  if (::fstatat(directory_.get(), name.c_str(), &made, AT_SYMLINK_NOFOLLOW) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  }
  if (::listen(listener_.get(), backlog) != 0) {
    const std::error_code failed = last_error();
    ::unlinkat(directory_.get(), name.c_str(), 0);
    throw std::system_error(failed, "listening at '" + path + "'");
  }
}

// Who listens last is who is told to be there.
named_socket::named_socket(unique_fd directory, unique_fd listener, const claim& had)
    : directory_(std::move(directory)),
      listener_(std::move(listener)),
      name_(had.name),
      device_(had.device),
      inode_(had.inode) {
  ::flock(directory_.get(), LOCK_UN);  // which the last owner may not have come to
  static_cast<void>(::listen(listener_.get(), backlog));
}

// Before the listener closes, so that nobody takes the name for a dead owner's and puts a new one
// there in between. A moved-from socket has no listener.
named_socket::~named_socket() {
  struct stat there {};
  if (!listener_ || inode_ == 0) return;
  if (::fstatat(directory_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (there.st_dev != device_ || there.st_ino != inode_) return;
  ::unlinkat(directory_.get(), name_.c_str(), 0);
}

}  // namespace bulkhead::os
