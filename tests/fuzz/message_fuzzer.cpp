#include "fuzz/fuzz.hpp"
#include "runtime/message_samples.hpp"

// The first byte chooses a type of message_samples.hpp, the rest is read as its bytes: a value that
// can be sent again, or a failure that leaves nothing behind.
namespace {

using message_samples::bytes;
using message_samples::sample;

const std::vector<sample>& samples() {
  static const std::vector<sample> all = message_samples::all();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  bulkhead_fuzz::seed_writer seeds;
  for (std::size_t n = 0; n < samples().size(); ++n) seeds.write(n, samples()[n].wire);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const sample& chosen = samples()[data[0] % samples().size()];
  // A copy of its own, so that the sanitizer sees a read beyond its end.
  const auto* const first = reinterpret_cast<const std::byte*>(data) + 1;
  const bytes wire(first, first + size - 1);
  if (chosen.read(wire) == message_samples::outcome::refused_and_dirty) __builtin_trap();
  return 0;
}
