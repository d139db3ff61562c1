"""Rules of an order: form, saga, parcels, payments and snapshot."""
