#pragma once

#include <sys/types.h>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace bulkhead {

/// Where an exception that a call brought back was thrown. Each such exception is one of these,
/// besides what it was there: `catch (const remote_origin&)`.
class remote_origin {
 public:
  remote_origin() = default;
  remote_origin(std::string type, std::string process, pid_t pid)
      : type_(std::move(type)), process_(std::move(process)), pid_(pid) {}
  virtual ~remote_origin() = default;
  /// Its type there, as "std::out_of_range".
  [[nodiscard]] const std::string& type() const noexcept { return type_; }
  [[nodiscard]] const std::string& process() const noexcept { return process_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  std::string type_;
  std::string process_;
  pid_t pid_ = 0;
};

/// An exception that came back from another process as the standard type that it had there.
template <class E>
class remote : public E, public remote_origin {
 public:
  remote(E thrown, std::string what, remote_origin from)
      : E(std::move(thrown)), remote_origin(std::move(from)), what_(std::move(what)) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

/// One whose type is not known here: its own text, and its type's name in `type()`.
using remote_error = remote<std::runtime_error>;

namespace detail {

/// An exception as it travels.
struct thrown_record {
  std::uint8_t kind = 0;  ///< Of the list in remote_error.cpp; 0: no type of it.
  std::string type;
  std::string what;
  std::string process;
  std::int32_t pid = 0;
  std::string category;  ///< Of a system_error's code.
  std::int32_t value = 0;
};

/// Describes the exception that is being handled.
[[nodiscard]] thrown_record record_exception();
/// Makes it anew.
[[nodiscard]] std::exception_ptr revive(const thrown_record& record);

}  // namespace detail
}  // namespace bulkhead
