#include "os/inheritance.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bulkhead/errc.hpp>
#include <cstdlib>

#include "os/encode_all.hpp"
#include "os/system_failure.hpp"

namespace bulkhead::os {
namespace {

constexpr const char* variable = "BULKHEAD_INHERITED";
constexpr std::size_t bytes_max = 64u << 20;  // as a spawn request's body

struct left_endpoint {
  std::uint64_t queue = 0;
  std::string name;
  std::array<std::int32_t, 3> descriptors{};  // the segment, the two bells
  std::uint32_t seat = 0;
  std::uint32_t epoch = 0;
  std::uint64_t sent_before = 0;
};

// Of all that follows and of what it names.
constexpr std::uint32_t inheritance_format = 2u << 16 | core::queue_format;

struct inheritance {
  std::uint32_t format = inheritance_format;
  std::uint32_t pid = 0;  // of the process that it is for: what that starts has no part in it
  std::uint32_t serial = 0;
  std::uint32_t entry = 0;
  std::uint32_t incarnation = 1;
  std::string name;
  std::int32_t control = -1;
  std::int32_t directory = -1;
  std::int32_t pulse = -1;
  std::uint64_t patience_ns = 0;
  std::vector<std::byte> arguments;
  std::vector<left_endpoint> endpoints;
};

std::int32_t keep_over_exec(unique_fd& fd) {
  if (fd && ::fcntl(fd.get(), F_SETFD, 0) != 0) throw_last_error("keeping a descriptor");
  return fd.release();
}

unique_fd take_over(std::int32_t number) {
  if (number < 0) return {};
  if (number < 3 || ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) {
    throw error(make_error_code(errc::corrupt), "what this program inherited has been closed");
  }
  return unique_fd(number);
}

[[nodiscard]] unique_fd variable_descriptor() {
  const char* value = ::getenv(variable);
  if (value == nullptr) return {};
  const int number = std::atoi(value);
  ::unsetenv(variable);
  // Only a segment of memory has seals: a number left by mistake names none.
  if (number < 3 || ::fcntl(number, F_GET_SEALS) < 0) return {};
  return unique_fd(number);
}

inheritance read_from(const unique_fd& segment) {
  struct stat status {};
  inheritance left;
  if (::fstat(segment.get(), &status) != 0 || status.st_size < 4 ||
      static_cast<std::uint64_t>(status.st_size) > bytes_max) {
    throw error(make_error_code(errc::corrupt), "what this program inherited is unreadable");
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  const ssize_t got = ::pread(segment.get(), bytes.data(), bytes.size(), 0);
  detail::decoder from(std::span<const std::byte>(bytes.data(), 4));
  const auto format = detail::decode<std::uint32_t>(from);
  if (format != inheritance_format) {
    throw error(make_error_code(errc::unsupported),
                "this program was started by another version of bulkhead (format " +
                    std::to_string(format) + ", here " + std::to_string(inheritance_format) +
                    "); build both with the same");
  }
  if (got != status.st_size || !detail::decode_all(std::span<const std::byte>(bytes), left)) {
    throw error(make_error_code(errc::corrupt), "what this program inherited is unreadable");
  }
  return left;
}

}  // namespace

void leave_to_command(child_context& context) {
  inheritance left;
  left.pid = static_cast<std::uint32_t>(::getpid());
  left.serial = context.serial;
  left.entry = context.entry;
  left.incarnation = context.incarnation;
  left.name = context.name;
  left.arguments = std::move(context.arguments);
  for (child_context::endpoint& e : context.endpoints) {
    left.endpoints.push_back(
        {e.queue,
         e.name,
         {keep_over_exec(e.segment), keep_over_exec(e.bells[0]), keep_over_exec(e.bells[1])},
         e.seat,
         e.epoch,
         e.sent_before});
  }
  left.directory = keep_over_exec(context.directory);
  left.pulse = keep_over_exec(context.pulse);
  left.patience_ns = context.patience_ns;
  // Not given away: should the exec fail, the keeper is told over it.
  if (::fcntl(context.control.get(), F_SETFD, 0) != 0) throw_last_error("keeping a descriptor");
  left.control = context.control.get();
  const std::vector<std::byte> bytes = encode_all(left);
  const int segment = ::memfd_create("bulkhead-inherited", 0);
  if (segment < 0 ||
      ::write(segment, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    throw_last_error("leaving the endpoints to the command");
  }
  if (::setenv(variable, std::to_string(segment).c_str(), 1) != 0) {
    throw_last_error("leaving the endpoints to the command");
  }
}

std::optional<child_context> take_inheritance() {
  const unique_fd segment = variable_descriptor();
  if (!segment) return std::nullopt;
  inheritance left = read_from(segment);
  if (left.pid != static_cast<std::uint32_t>(::getpid())) return std::nullopt;
  child_context context;
  context.serial = left.serial;
  context.entry = left.entry;
  context.incarnation = left.incarnation;
  context.name = std::move(left.name);
  context.control = take_over(left.control);
  context.directory = take_over(left.directory);
  context.pulse = take_over(left.pulse);
  context.patience_ns = left.patience_ns;
  context.arguments = std::move(left.arguments);
  for (left_endpoint& e : left.endpoints) {
    child_context::endpoint& made = context.endpoints.emplace_back();
    made.queue = e.queue;
    made.name = std::move(e.name);
    made.segment = take_over(e.descriptors[0]);
    for (int n = 0; n < 2; ++n) made.bells[n] = take_over(e.descriptors[n + 1]);
    made.seat = e.seat;
    made.epoch = e.epoch;
    made.sent_before = e.sent_before;
  }
  return context;
}

}  // namespace bulkhead::os
