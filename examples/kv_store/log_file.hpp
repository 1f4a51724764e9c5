#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kv_store {

/// A file of key and value pairs, later ones over earlier ones. What `append` has returned for is
/// there for the next process that opens the file, also when this one is killed: the kernel has it.
/// (Not when the machine loses its power: that would take an fsync.)
/// @threads one. @errors std::system_error.
class log_file {
 public:
  /// @limits path: a file of nobody else's. It is made where there is none.
  explicit log_file(std::string path);
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;
  ~log_file();

  /// Calls `found(key, value)` for each pair, in order, and cuts off what follows the last whole
  /// one: a process was killed while it wrote that. Before the first `append`.
  void replay(const std::function<void(std::string_view, std::string_view)>& found);
  void append(std::string_view key, std::string_view value);
  /// Writes the first `bytes` bytes of a pair only, as a process that is killed does.
  void append_torn(std::string_view key, std::string_view value, std::size_t bytes);

 private:
  void write(std::string_view bytes);

  std::string path_;
  int fd_;
};

}  // namespace kv_store
