#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <system_error>

namespace bulkhead::os {

/// The address of a unix socket. One has room for 107 bytes of a path; longer ones are reached
/// through a descriptor.
class socket_address {
 public:
  /// @errors std::system_error filename_too_long.
  explicit socket_address(const std::string& path) {
    if (path.size() >= sizeof address_.sun_path) {
      throw std::system_error(std::make_error_code(std::errc::filename_too_long),
                              "'" + path + "' does not fit the address of a unix socket");
    }
    address_.sun_family = AF_UNIX;
    std::memcpy(address_.sun_path, path.c_str(), path.size() + 1);
  }
  [[nodiscard]] static bool fits(const std::string& path) noexcept {
    return path.size() < sizeof sockaddr_un::sun_path;
  }
  /// A name in an open directory, however deep that lies. @limits the name has up to 80 bytes.
  [[nodiscard]] static socket_address in(int directory, const std::string& name) {
    return socket_address("/proc/self/fd/" + std::to_string(directory) + "/" + name);
  }
  /// The socket that an O_PATH descriptor is of.
  [[nodiscard]] static socket_address of(int descriptor) {
    return socket_address("/proc/self/fd/" + std::to_string(descriptor));
  }

  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  [[nodiscard]] socklen_t bytes() const noexcept { return sizeof address_; }

 private:
  sockaddr_un address_{};
};

}  // namespace bulkhead::os
