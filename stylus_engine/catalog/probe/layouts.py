"""Who wrote the names: one of a few trainers' habits, told apart by how names begin and end."""

from stylus_engine.catalog.probe.keys import Keys

RULES: tuple[tuple[str, tuple[str, ...]], ...] = (  # the first that fits
    ("xlabs", (".processor.proj_lora1.", ".processor.qkv_lora1.", ".processor.qkv_lora2.")),
    ("onetrainer", ("\nlora_transformer_", "\nlora_prior_unet_")),
    ("kohya", ("\nlora_unet_", "\nlora_te")),
    ("lycoris", ("\nlycoris_",)),
    ("diffusers-old", ("_lora.down.weight\n", ".lora_linear_layer.down.weight\n", ".lora.down.")),
    ("peft", ("\nbase_model.model.",)),
    ("diffusers", ("\nunet.", "\ntransformer.", "\ntext_encoder", "\nprior.")),
    ("bfl", ("\ndiffusion_model.double_blocks.", "\ndiffusion_model.single_blocks.")),
    ("bfl", ("\ndouble_blocks.", "\nsingle_blocks.")),
    ("comfy", ("\ndiffusion_model.", "\ntext_encoders.")),
    ("peft", (".lora_A.", ".hada_w1_a\n", ".lokr_w1")),
)


def layout_of(keys: Keys, kind: str) -> str:
    """`unknown` where no habit is known; embeddings have habits of their own."""
    if kind == "embedding":
        return _of_embedding(keys.text)
    fits = (name for name, marks in RULES if any(mark in keys.text for mark in marks))
    return next(fits, "bare" if ".lora_down." in keys.text else "unknown")


def _of_embedding(text: str) -> str:
    if "\n<" in text:
        return "diffusers"
    return "a1111" if "\nemb_params\n" in text or "\nstring_to_param" in text else "kohya"
