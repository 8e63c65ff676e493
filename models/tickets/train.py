#!/usr/bin/env python3
"""Trains and exports the model beside this script: which team a customer's message is for.

    pip install tensorflow-cpu==2.21.0
    python train.py            # writes ./1

The network is the mean of word vectors and two dense layers; preprocessing (lower case, punctuation, words, vocabulary) is part
of the exported graph, so that clients send plain text. The messages it learns from are put together below.
"""

import itertools
import random
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

TEAMS = ["billing", "delivery", "technical", "account"]

PHRASES = {
    "billing": [
        "I was charged {amount} for {thing}", "my card was charged {amount}", "please refund {thing}", "I want my money back for {thing}",
        "the invoice for {thing} is wrong", "why is the price of {thing} higher than before", "the payment for {thing} failed",
        "you took {amount} from my bank account", "I need a receipt for {thing}", "the discount on {thing} is missing from the bill",
        "cancel the charge of {amount}", "how do I pay for {thing}", "I paid {amount} and never got an invoice",
    ],
    "delivery": [
        "{thing} has not arrived", "where is {thing}", "{thing} was delivered to the wrong address", "the parcel with {thing} is damaged",
        "when will {thing} be shipped", "the courier did not ring {time}", "tracking of {thing} shows nothing {time}",
        "my package is late {time}", "please deliver {thing} to my neighbour", "the box was empty when it arrived",
        "I received the wrong item instead of {thing}", "the delivery of {thing} was promised {time}", "can I pick up {thing} at the depot",
    ],
    "technical": [
        "the app crashes {time}", "{thing} does not turn on", "I get an error when I open {thing}", "the screen of {thing} stays black",
        "the website is very slow {time}", "{thing} stopped working {time}", "the update broke {thing}", "how do I install {thing}",
        "{thing} will not connect to the network", "the battery of {thing} is empty after an hour", "the app freezes when I upload a picture",
        "there is a bug in {thing}", "{thing} makes a strange noise",
    ],
    "account": [
        "I forgot my password", "I cannot log in {time}", "please delete my account", "how do I change my email address",
        "my account is locked {time}", "the reset link does not work for my login", "change the name on my profile",
        "somebody else uses my account", "I did not get the confirmation email", "how do I close my account",
        "please update my phone number", "two factor login asks for a code I do not have", "unsubscribe me from the newsletter",
    ],
}
SLOTS = {
    "amount": ["twice", "20 euros", "too much", "$49.99", "three times"],
    "thing": ["my order", "the headphones", "the lamp", "order 4711", "the new phone", "my subscription", "the printer", "it"],
    "time": ["since yesterday", "today", "again", "on Monday", "this morning", "every time"],
}
OPENINGS = ["", "hello, ", "hi! ", "please help: ", "Dear team, ", "urgent!! "]
ENDINGS = ["", ".", "!", ", thank you", " :("]


def messages(seed):
    """Every phrase with some fillings, openings and endings."""
    pick = random.Random(seed)
    texts, labels = [], []
    for label, team in enumerate(TEAMS):
        for phrase in PHRASES[team]:
            slots = [name for name in SLOTS if "{" + name + "}" in phrase]
            for filling in itertools.product(*(SLOTS[name] for name in slots)):
                texts.append(pick.choice(OPENINGS) + phrase.format(**dict(zip(slots, filling))) + pick.choice(ENDINGS))
                labels.append(label)
    return np.array(texts, object), np.array(labels)


def main():
    tf.keras.utils.set_random_seed(1)
    texts, labels = messages(1)
    words = tf.keras.layers.TextVectorization(max_tokens=600, output_sequence_length=24)
    words.adapt(texts)
    network = tf.keras.Sequential([
        tf.keras.Input((), dtype="string"),
        words,
        tf.keras.layers.Embedding(600, 16, mask_zero=True),
        tf.keras.layers.GlobalAveragePooling1D(),
        tf.keras.layers.Dense(16, "relu"),
        tf.keras.layers.Dense(len(TEAMS), "softmax"),
    ])
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    dataset = tf.data.Dataset.from_tensor_slices((texts.astype(str), labels)).shuffle(4096, seed=1).batch(32)
    network.fit(dataset, epochs=30, verbose=0)
    held_out, wanted = messages(2)
    print("accuracy on other fillings:", np.mean(np.argmax(network.predict(tf.constant(held_out.astype(str)), verbose=0), 1) == wanted))
    folder = Path(__file__).resolve().parent / "1"
    shutil.rmtree(folder, ignore_errors=True)
    teams = tf.constant(TEAMS)

    def serve(text):
        """Names of teams instead of numbers."""
        scores = network(text)
        return {"team": tf.gather(teams, tf.argmax(scores, axis=1)), "confidence": tf.reduce_max(scores, axis=1)}

    archive = tf.keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", serve, input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    archive.write_out(str(folder), verbose=False)
    (folder / "fingerprint.pb").unlink(missing_ok=True)
    served = tf.saved_model.load(str(folder)).signatures["serving_default"]
    print(served(text=tf.constant(["Hello, I was charged twice for my order!", "where is my parcel?"])))


if __name__ == "__main__":
    main()
