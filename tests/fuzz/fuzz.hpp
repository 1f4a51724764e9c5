#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>

/// What the fuzzers share.
namespace bulkhead_fuzz {

/// Writes good inputs into the folder that BULKHEAD_FUZZ_SEEDS names, if it is set: from noise
/// alone a fuzzer takes long to find its first message.
class seed_writer {
 public:
  seed_writer() {
    if (const char* folder = std::getenv("BULKHEAD_FUZZ_SEEDS")) folder_ = folder;
  }

  /// @limits selector < 256: it becomes the first byte.
  void write(std::size_t selector, std::span<const std::byte> content) {
    if (folder_.empty()) return;
    std::ofstream out(folder_ + "/seed-" + std::to_string(count_++), std::ios::binary);
    out.put(static_cast<char>(selector));
    out.write(reinterpret_cast<const char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
  }

 private:
  std::string folder_;
  int count_ = 0;
};

}  // namespace bulkhead_fuzz
