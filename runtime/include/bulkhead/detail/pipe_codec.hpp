#pragma once

#include <bulkhead/detail/codec.hpp>
#include <bulkhead/detail/pipe_core.hpp>
#include <cstdint>

namespace bulkhead {

template <class Out, class In>
class pipe_end;

/// A pipe end travels as an argument of a spawned function, or in a message; the sender's is then
/// empty.
template <class Out, class In>
struct detail::endpoint_codec<pipe_end<Out, In>> {
  static void write(encoder& to, const pipe_end<Out, In>& end) {
    to.put_endpoint(end ? end.core().id() : no_endpoint);
  }
  static pipe_end<Out, In> read(decoder& from) {
    std::uint64_t id = 0;
    if (!from.get_endpoint(id)) {
      from.fail();
      return {};
    }
    if (id == no_endpoint || id == gone_endpoint) return {};
    pipe_end<Out, In> end(
        pipe_core::find(from.endpoints(), id, pipe_traffic::of<Out>(), pipe_traffic::of<In>()));
    if (!end) from.fail();
    return end;
  }
  using parts = type_list<Out, In>;
  static constexpr bool in_messages = true;
  static constexpr std::uint64_t fingerprint() { return hash_of("pipe"); }
};

}  // namespace bulkhead
