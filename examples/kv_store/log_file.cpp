#include "log_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

namespace kv_store {

namespace {

// Before each pair: how long key and value are.
using pair_head = std::array<std::uint32_t, 2>;

std::string record_of(std::string_view key, std::string_view value) {
  const pair_head head{static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(value.size())};
  std::string record(sizeof head, '\0');
  std::memcpy(record.data(), head.data(), sizeof head);
  return record.append(key).append(value);
}

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

log_file::log_file(std::string path)
    : path_(std::move(path)),
      fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (fd_ < 0) fail("opening " + path_);
}

log_file::~log_file() { ::close(fd_); }

void log_file::replay(const std::function<void(std::string_view, std::string_view)>& found) {
  std::ifstream in(path_, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  std::string_view rest = all;
  pair_head head{};
  while (rest.size() >= sizeof head) {
    std::memcpy(head.data(), rest.data(), sizeof head);
    const std::size_t size = sizeof head + std::size_t{head[0]} + head[1];
    if (size > rest.size()) break;
    found(rest.substr(sizeof head, head[0]), rest.substr(sizeof head + head[0], head[1]));
    rest.remove_prefix(size);
  }
  if (!rest.empty() && ::ftruncate(fd_, static_cast<off_t>(all.size() - rest.size())) != 0) {
    fail("cutting " + path_);
  }
}

void log_file::append(std::string_view key, std::string_view value) {
  write(record_of(key, value));
}

void log_file::append_torn(std::string_view key, std::string_view value, std::size_t bytes) {
  write(record_of(key, value).substr(0, bytes));
}

void log_file::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
    if (done < 0 && errno != EINTR) fail("writing " + path_);
    if (done > 0) bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace kv_store
