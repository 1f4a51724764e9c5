#include "fuzz/fuzz.hpp"
#include "runtime/message_samples.hpp"

// The first byte chooses a type of message_samples.hpp, the rest is read as its bytes: a value that
// can be sent again, or a failure that leaves nothing behind.
using message_samples::bytes;
using message_samples::sample;

namespace {

/// Stands for a queue in a message.
struct gate {
  std::uint64_t id = 0;
};
struct visit {
  std::string name;
  std::map<int, gate> gates;
  std::vector<visit> others;
};

/// Knows the endpoints below 100.
class gates final : public bulkhead::detail::endpoint_source,
                    public bulkhead::detail::endpoint_sink {
 public:
  std::uint64_t endpoint(std::uint64_t said) override {
    return said < 100 ? said : bulkhead::detail::no_endpoint;
  }
  std::uint64_t add(std::uint64_t id) override { return id; }
};

}  // namespace

template <>
struct bulkhead::detail::endpoint_codec<gate> {
  static constexpr bool in_messages = true;
  static void write(encoder& to, const gate& value) { to.put_endpoint(value.id); }
  static gate read(decoder& from) {
    gate out;
    if (!from.get_endpoint(out.id)) from.fail();
    return out;
  }
  static constexpr std::uint64_t fingerprint() { return hash_of("gate"); }
};

namespace {

bytes encoded_visit(const visit& value) {
  gates known;
  bytes out(bulkhead::detail::encoded_size(value));
  bulkhead::detail::encoder to(out.data(), &known);
  bulkhead::detail::encode(to, value);
  if (to.position() != out.data() + out.size()) __builtin_trap();
  return out;
}

const std::vector<sample>& samples() {
  static const std::vector<sample> all = message_samples::all();
  return all;
}

constexpr std::size_t endpoint_selector = 255;

void read_visit(const bytes& wire) {
  gates known;
  visit value;
  if (bulkhead::detail::decode_all(wire, value, &known)) static_cast<void>(encoded_visit(value));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  bulkhead_fuzz::seed_writer seeds;
  for (std::size_t n = 0; n < samples().size(); ++n) seeds.write(n, samples()[n].wire);
  seeds.write(endpoint_selector, encoded_visit({"v", {{1, {7}}, {2, {9}}}, {{"w", {}, {}}}}));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A copy of its own, so that the sanitizer sees a read beyond its end.
  const auto* const first = reinterpret_cast<const std::byte*>(data) + 1;
  const bytes wire(first, first + size - 1);
  if (data[0] == endpoint_selector) {
    read_visit(wire);
    return 0;
  }
  const sample& chosen = samples()[data[0] % samples().size()];
  if (chosen.read(wire) == message_samples::outcome::refused_and_dirty) __builtin_trap();
  return 0;
}
