#include "lane_answer.hpp"

#include <bulkhead/actors/detail/actor_lane.hpp>
#include <bulkhead/actors/remote_error.hpp>
#include <exception>
#include <vector>

#include "system_state.hpp"

namespace bulkhead::actors::detail {

using bulkhead::detail::call_origin;
using bulkhead::detail::encoder;

void answer_with_error(served_end& end, const call_origin& whose, const caf::error& reason,
                       bool marked) {
  if (whose.generation == 0) return;
  const error_record record = record_of(reason);
  const std::size_t mark = marked ? 1 : 0;
  end.answer(whose, mark + bulkhead::detail::encoded_size(record), [&](encoder& to) {
    if (marked) *to.room(1) = answer_error;
    bulkhead::detail::encode(to, record);
  });
}

lane_answer::~lane_answer() {
  if (!is_answered()) answer_with_error(load_.end(), whose_, broken_promise());
}

void lane_answer::answered(const compat::message_values& content) {
  if (content.match_elements<caf::error>()) {
    return answer_with_error(load_.end(), whose_, content.get_as<caf::error>(0));
  }
  if (!codec_->is_output(signature_, content)) {
    return answer_with_error(load_.end(), whose_, caf::sec::unexpected_response);
  }
  try {
    answer(content);
  } catch (const std::exception& failure) {  // a value that cannot be encoded, or no memory
    answer_with_error(load_.end(), whose_, error_for(errc::too_large, failure.what()));
  }
}

void lane_answer::answer(const compat::message_values& content) {
  const std::size_t size = codec_->output_size(signature_, content);
  if (size > message_bytes_max) {
    return answer_with_error(load_.end(), whose_, error_for(errc::too_large, too_large_text(size)));
  }
  if (codec_->output_names(signature_)) return answer_named(content, size);
  load_.end().answer(whose_, 1 + size, [&](encoder& to) {
    *to.room(1) = answer_values;
    codec_->write_output(signature_, content, to);
  });
}

// Written before there is a place in the lane: making the lanes that it names sends messages
// itself.
void lane_answer::answer_named(const compat::message_values& content, std::size_t size) {
  using bulkhead::detail::call_head_bytes;
  std::vector<std::byte> bytes(call_head_bytes + 1 + size);
  system_state* const state = system_state::of(home_system());
  auto found = std::make_unique<departing_names>(state != nullptr ? state->departing() : nullptr);
  encoder to(bytes.data() + call_head_bytes, &found->found());
  *to.room(1) = answer_values;
  codec_->write_output(signature_, content, to);
  load_.end().answer(whose_, std::move(bytes), std::move(found));
}

}  // namespace bulkhead::actors::detail
