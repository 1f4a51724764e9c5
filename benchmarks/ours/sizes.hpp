#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "common/job.hpp"
#include "common/message.hpp"

namespace bench {

/// A message of any size; the smaller ones are `message<Bytes>`.
struct long_message {
  std::vector<std::uint64_t> words;
};

/// Calls `run.template operator()<Message>()` with the type for messages of `bytes` bytes: powers
/// of two up to 4 KiB have one of their own, all others are vectors.
template <class Run>
void with_message_type(std::uint64_t bytes, Run run) {
  switch (bytes) {
    case 8:
      return run.template operator()<message<8>>();
    case 16:
      return run.template operator()<message<16>>();
    case 32:
      return run.template operator()<message<32>>();
    case 64:
      return run.template operator()<message<64>>();
    case 128:
      return run.template operator()<message<128>>();
    case 256:
      return run.template operator()<message<256>>();
    case 512:
      return run.template operator()<message<512>>();
    case 1024:
      return run.template operator()<message<1024>>();
    case 2048:
      return run.template operator()<message<2048>>();
    case 4096:
      return run.template operator()<message<4096>>();
    default:
      return run.template operator()<long_message>();
  }
}

}  // namespace bench
