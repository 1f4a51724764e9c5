// What a mailbox of `--slots` slots and messages of `--bytes` bytes takes beyond its slots and the
// payload that was touched: shared memory of the segment, and private memory of the process that
// fills and drains it.
#include <sys/stat.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>

#include "common/job.hpp"
#include "core/queue_layout.hpp"
#include "ours/process_facts.hpp"

namespace {

using bytes_message = std::string;

// Memory of all memfds of this process, each once: a host holds a second descriptor of each for
// its next keeper.
std::int64_t segment_bytes() {
  std::int64_t all = 0;
  std::set<ino_t> seen;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ec;
    const auto target = std::filesystem::read_symlink(fd.path(), ec).string();
    struct stat facts {};
    if (!target.starts_with("/memfd:") || stat(fd.path().c_str(), &facts) != 0) continue;
    if (seen.insert(facts.st_ino).second) all += facts.st_blocks * 512;
  }
  return all;
}

void run(const bench::job& what) {
  bulkhead::runtime rt;
  const bytes_message m(what.bytes - 4, 'x');  // 4 bytes of length make it `bytes`
  // Starts keeper and thread, and touches the code once. It stays: the host's second descriptor of
  // a queue goes some time after it.
  const bulkhead::queue<bytes_message> first{rt};
  first.send(m);
  first.receive();
  // "Private_Dirty" would count the segment's pages too while no other process maps them.
  const auto shared_before = segment_bytes();
  const auto private_before = bench::memory_bytes(getpid(), "Anonymous");
  bulkhead::queue_options options;
  options.capacity = what.slots;
  options.payload_bytes = std::size_t{2} * what.slots * what.bytes + (1 << 20);
  bulkhead::queue<bytes_message> q{rt, options};
  for (std::uint32_t n = 0; n < what.slots; ++n) q.send(m);
  for (std::uint32_t n = 0; n < what.slots; ++n) q.receive();
  // The ring has a few slots more than the capacity, which this fill did not touch.
  bulkhead::core::queue_shape shape;
  shape.capacity = what.slots;
  shape.participants = options.participants;
  const bulkhead::core::queue_layout layout(shape);
  const auto slots = static_cast<std::int64_t>(layout.slot_bytes) * what.slots;
  const auto payload =
      what.bytes <= shape.inline_bytes ? 0 : static_cast<std::int64_t>(what.bytes) * what.slots;
  const auto shared = segment_bytes() - shared_before;
  const auto own = bench::memory_bytes(getpid(), "Anonymous") - private_before;
  std::printf(
      "{\"slots_bytes\": %lld, \"payload_bytes\": %lld, \"shared_bytes\": %lld, "
      "\"private_bytes\": %lld, \"extra_bytes\": %lld}\n",
      static_cast<long long>(slots), static_cast<long long>(payload),
      static_cast<long long>(shared), static_cast<long long>(own),
      static_cast<long long>(shared + own - slots - payload));
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run, {{"memory"}, {}});
}
